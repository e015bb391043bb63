import { isIPv4, isIPv6 } from 'node:net';
import { decodeAddress, encodeAddress, maxAddressLength, type SocketAddress } from '../socket-address.ts';
import { crc32c } from './crc32c.ts';
import { checksumBytes, findChecksum } from './tlvs.ts';

/**
 * Reads the header that a proxy sends before a client's bytes, in either version (HAProxy's proxy-protocol.txt,
 * sections 2.1 and 2.2). `incomplete` as long as more bytes may change the answer; any other answer is final. The
 * caller decides which peers may send a header.
 */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  /** The bytes do not begin with a PROXY header. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed'; readonly why: string }
  | {
      readonly kind: 'header';
      readonly version: 1 | 2;
      /**
       * True where the proxy made the connection for itself, e.g. to check our health: then the connection's own
       * addresses count.
       */
      readonly local: boolean;
      /**
       * The client's address; undefined where the proxy does not know it, or it is no IP address (`UNKNOWN`, a Unix
       * socket).
       */
      readonly source: SocketAddress | undefined;
      readonly destination: SocketAddress | undefined;
      /** The further fields of version 2 (section 2.2.1) as they came, to be passed on. */
      readonly tlvs: Uint8Array;
      /** The length of the whole header; the client's bytes follow it. */
      readonly length: number;
    };

/** The longest line: "PROXY UNKNOWN" and two of the longest IPv6 addresses and ports, as section 2.1 counts. */
const maxTextBytes = 107;
/** The longest binary header. The length field allows 64 KiB; HAProxy itself accepts what fits a buffer of 16 KiB. */
export const maxBinaryBytes = 16_384;
export const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
export const fixedBytes = 16;
const textStart = Buffer.from('PROXY ');

const incomplete: ProxyHeader = { kind: 'incomplete' };
const noTlvs = new Uint8Array();

export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAs(signature, bytes)) return bytes.length < fixedBytes ? early(bytes) : readBinary(bytes);
  if (!startsAs(textStart, bytes)) return { kind: 'absent' };
  return bytes.length < textStart.length ? incomplete : readText(bytes.subarray(0, maxTextBytes));
}

function startsAs(expected: Uint8Array, bytes: Uint8Array): boolean {
  const length = Math.min(expected.length, bytes.length);
  return Buffer.compare(expected.subarray(0, length), bytes.subarray(0, length)) === 0;
}

/** Reads version 1, which is one line. */
function readText(head: Uint8Array): ProxyHeader {
  const end = head.indexOf(10);
  if (end < 0) return head.length < maxTextBytes ? incomplete : malformed('the line is longer than 107 bytes');
  const line = Buffer.from(head.subarray(0, end + 1)).toString('latin1');
  const length = end + 1;
  const facts = { kind: 'header', version: 1, local: false, tlvs: noTlvs, length } as const;
  // The rest of such a line must be ignored.
  if (/^PROXY UNKNOWN(?: .*)?\r\n$/.test(line)) return { ...facts, source: undefined, destination: undefined };
  const [, family, from = '', to = '', fromPort, toPort] =
    /^PROXY TCP([46]) ([\d.:a-fA-F]+) ([\d.:a-fA-F]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n$/.exec(line) ?? [];
  const isAddress = family === '4' ? isIPv4 : isIPv6;
  const ports = [Number(fromPort), Number(toPort)] as const;
  if (family === undefined || !isAddress(from) || !isAddress(to) || Math.max(...ports) > 65_535)
    return malformed('the line does not follow version 1');
  return { ...facts, source: inOneForm(from, ports[0]), destination: inOneForm(to, ports[1]) };
}

/** Brings an address into the one form in which the relay prints addresses. */
function inOneForm(host: string, port: number): SocketAddress {
  const bytes = new Uint8Array(maxAddressLength);
  encodeAddress(bytes, host, port);
  return decodeAddress(bytes);
}

/** Judges a header whose signature has arrived, in part or as a whole, but not yet the rest of the fixed part. */
function early(bytes: Uint8Array): ProxyHeader {
  return judgeCommand(bytes[12]) ?? judgeFamily(bytes[12], bytes[13]) ?? incomplete;
}

const localCommand = 0x20;
const proxyCommand = 0x21;

function judgeCommand(byte: number | undefined): ProxyHeader | undefined {
  if (byte === undefined || byte === localCommand || byte === proxyCommand) return undefined;
  return malformed('the version or command is unknown');
}

/** How many bytes the addresses of each family and transport take (section 2.2). */
const addressBytes: Readonly<Record<number, number>> = {
  0x00: 0,
  0x11: 12,
  0x12: 12,
  0x21: 36,
  0x22: 36,
  0x31: 216,
  0x32: 216,
};

/** Judges the address family, which is ignored too where the proxy made the connection for itself. */
function judgeFamily(command: number | undefined, byte: number | undefined): ProxyHeader | undefined {
  if (command === localCommand || byte === undefined || addressBytes[byte] !== undefined) return undefined;
  return malformed('the address family is unknown');
}

function readBinary(bytes: Uint8Array): ProxyHeader {
  const [command, family = 0] = bytes.subarray(12, 14);
  const bad = judgeCommand(command) ?? judgeFamily(command, family);
  if (bad) return bad;
  const length = fixedBytes + ((bytes[14] ?? 0) << 8) + (bytes[15] ?? 0);
  if (length > maxBinaryBytes) return malformed('the header is longer than 16 KiB');
  const local = command === localCommand;
  const addressesEnd = fixedBytes + (addressBytes[family] ?? 0);
  if (!local && length < addressesEnd) return malformed('the addresses do not fit the length of the header');
  if (bytes.length < length) return incomplete;
  const facts = { kind: 'header', version: 2, local, length } as const;
  // The addresses and TLVs of a connection that the proxy made for itself must be ignored.
  if (local) return { ...facts, source: undefined, destination: undefined, tlvs: noTlvs };
  const tlvs = bytes.subarray(addressesEnd, length);
  const fault = faultOf(bytes.subarray(0, length), addressesEnd);
  return fault ?? { ...facts, ...addressesIn(bytes, family), tlvs: Uint8Array.from(tlvs) };
}

function addressesIn(
  bytes: Uint8Array,
  family: number,
): { readonly source: SocketAddress | undefined; readonly destination: SocketAddress | undefined } {
  if (family >> 4 !== 1 && family >> 4 !== 2) return { source: undefined, destination: undefined };
  const size = family >> 4 === 1 ? 4 : 16;
  const ports = fixedBytes + 2 * size;
  return {
    source: addressAt(bytes, fixedBytes, size, ports),
    destination: addressAt(bytes, fixedBytes + size, size, ports + 2),
  };
}

/** Reads an address by way of the kernel's form, which the relay can decode already. */
function addressAt(bytes: Uint8Array, at: number, size: 4 | 16, portAt: number): SocketAddress {
  const kernel = new Uint8Array(maxAddressLength);
  encodeAddress(kernel, size === 4 ? '0.0.0.0' : '::', 0);
  kernel.set(bytes.subarray(portAt, portAt + 2), 2);
  kernel.set(bytes.subarray(at, at + size), size === 4 ? 4 : 8);
  return decodeAddress(kernel);
}

/** The fault of a header's TLVs, if they have one: a checksum, where there is one, must be right (section 2.2.3). */
function faultOf(header: Uint8Array, tlvsAt: number): ProxyHeader | undefined {
  const found = findChecksum(header.subarray(tlvsAt));
  if (found === 'malformed') return malformed('the TLVs do not fit the length of the header');
  if (found === 'none') return undefined;
  const at = tlvsAt + found;
  const zeroed = Uint8Array.from(header);
  zeroed.fill(0, at, at + checksumBytes);
  const declared = new DataView(header.buffer, header.byteOffset + at).getUint32(0);
  return declared === crc32c(zeroed) ? undefined : malformed('the checksum is wrong');
}

function malformed(why: string): ProxyHeader {
  return { kind: 'malformed', why };
}
