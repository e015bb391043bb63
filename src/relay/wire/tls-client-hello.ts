import { ByteReader } from './byte-reader.ts';
import { hostName } from './host-name.ts';

/**
 * Reads the server name and the protocols out of a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301) without
 * taking part in the handshake. The hello may be spread over many records, and may have arrived in part only: then the
 * answer is `incomplete`. Any other answer is final, whatever bytes follow.
 */
type ClientHello =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'malformed'; readonly why: string }
  | {
      readonly kind: 'hello';
      /**
       * The server name in lower case; undefined when the client names no host. With Encrypted ClientHello it is the
       * outer, public name.
       */
      readonly serverName: string | undefined;
      /** The protocols in the client's order of preference, e.g. `h2`, `http/1.1`; hostile bytes as Latin-1. */
      readonly alpn: readonly string[];
    };

/**
 * The greatest length of a hello, with the record headers. Hellos are 200 bytes to 2 KiB long; long session tickets add
 * a few more.
 */
export const maxHelloBytes = 65_536;

const handshakeRecord = 22;
const majorVersion = 3;
const recordHeaderBytes = 5;
/** The greatest length of a record: TLSPlaintext.length MUST NOT exceed it (RFC 8446 §5.1). */
const maxRecordBytes = 2 ** 14;
const clientHelloType = 1;
const messageHeaderBytes = 4;
const serverNameExtension = 0;
const alpnExtension = 16;

export function readClientHello(bytes: Uint8Array): ClientHello {
  const message = readMessage(bytes.subarray(0, maxHelloBytes));
  if (message instanceof Uint8Array) return readHello(message);
  return message.kind === 'incomplete' && bytes.length >= maxHelloBytes ? tooLong : message;
}

type NoMessage = Exclude<ClientHello, { kind: 'hello' }>;

const incomplete: NoMessage = { kind: 'incomplete' };
const notTls: NoMessage = { kind: 'not-tls' };
const tooLong = malformed('the ClientHello is longer than 64 KiB');

/**
 * Assembles the first handshake message from its records. Every byte is judged in the order in which the bytes arrive.
 */
function readMessage(bytes: Uint8Array): Uint8Array | NoMessage {
  const pieces: Uint8Array[] = [];
  let gathered = 0;
  let wanted: number | undefined;
  for (let at = 0; ;) {
    if (!isHandshake(bytes, at))
      return at === 0 ? notTls : malformed('a record within the ClientHello is not a handshake record');
    if (at + recordHeaderBytes > bytes.length) return incomplete;
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
    if (length === 0 || length > maxRecordBytes) return malformed(`a TLS record of ${length} bytes`);
    const piece = bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length);
    pieces.push(piece);
    gathered += piece.length;
    if (wanted === undefined && gathered > 0) {
      const header = new ByteReader(joined(pieces));
      if (header.uint(1) !== clientHelloType) return malformed('the first handshake message is not a ClientHello');
      if (gathered >= messageHeaderBytes) wanted = messageHeaderBytes + header.uint(3);
      if (wanted !== undefined && wanted > maxHelloBytes) return tooLong;
    }
    if (wanted !== undefined && gathered >= wanted) return joined(pieces).subarray(messageHeaderBytes, wanted);
    if (piece.length < length) return incomplete;
    at += recordHeaderBytes + length;
  }
}

/** Joins the pieces, without a copy where there is one: nearly every hello arrives in one record. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return only && pieces.length === 1 ? only : Buffer.concat(pieces);
}

/** True if the bytes at `at`, as far as they have arrived, begin a handshake record. */
function isHandshake(bytes: Uint8Array, at: number): boolean {
  if (at < bytes.length && bytes[at] !== handshakeRecord) return false;
  return at + 1 >= bytes.length || bytes[at + 1] === majorVersion;
}

function readHello(message: Uint8Array): ClientHello {
  const reader = new ByteReader(message);
  // Version and random, session id, cipher suites, compression methods.
  reader.skip(2 + 32);
  reader.skip(reader.uint(1));
  reader.skip(reader.uint(2));
  reader.skip(reader.uint(1));
  // The oldest clients' hellos have no extensions at all.
  const extensions = new ByteReader(reader.hasMore ? reader.vector(2) : new Uint8Array());
  if (!reader.isDone) return malformed('the ClientHello does not fit its length');
  let named: ServerName | undefined;
  let alpn: readonly string[] | undefined;
  while (extensions.hasMore) {
    const type = extensions.uint(2);
    const body = extensions.vector(2);
    if (!extensions.isSound) return malformed('an extension does not fit the ClientHello');
    if (type !== serverNameExtension && type !== alpnExtension) continue;
    // A reader that uses the first and a reader that uses the last of two would route the client to different servers.
    if (type === serverNameExtension ? named : alpn) return malformed(`the ClientHello has extension ${type} twice`);
    if (type === serverNameExtension) {
      const read = readServerName(new ByteReader(body));
      if ('why' in read) return read;
      named = read;
    } else {
      alpn = readAlpn(new ByteReader(body));
      if (!alpn) return malformed('the list of protocols (ALPN) is malformed');
    }
  }
  return { kind: 'hello', serverName: named?.name, alpn: alpn ?? [] };
}

interface ServerName {
  readonly name: string | undefined;
}

function readServerName(body: ByteReader): ServerName | ReturnType<typeof malformed> {
  const list = new ByteReader(body.vector(2));
  let name: string | undefined;
  do {
    const isHostName = list.uint(1) === 0;
    const text = list.vector(2);
    if (!list.isSound || !body.isDone) return malformed('the server name (SNI) is malformed');
    if (!isHostName) continue;
    if (name !== undefined) return malformed('the ClientHello has two server names (SNI)');
    name = hostName(latin1(text));
    if (name === undefined) return malformed('the server name (SNI) is not a host name');
  } while (list.hasMore);
  return { name };
}

function readAlpn(body: ByteReader): readonly string[] | undefined {
  const list = new ByteReader(body.vector(2));
  const protocols: string[] = [];
  while (list.hasMore) {
    const protocol = list.vector(1);
    if (protocol.length === 0) return undefined;
    protocols.push(latin1(protocol));
  }
  return list.isSound && body.isDone ? protocols : undefined;
}

/** Decodes Latin-1. Names are short, and a Buffer made for each would cost more. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function malformed(why: string): { readonly kind: 'malformed'; readonly why: string } {
  return { kind: 'malformed', why };
}
