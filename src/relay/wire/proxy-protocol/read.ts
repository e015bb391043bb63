import { isIPv4, isIPv6 } from 'node:net';
import { decodeAddress, encodeAddress, maxAddressLength, type SocketAddress } from '../socket-address.ts';
import { crc32c } from './crc32c.ts';
import { checksumBytes, findChecksum } from './tlvs.ts';

/**
 * Reads the header that a proxy puts before a client's bytes, in either version (HAProxy's proxy-protocol.txt, sections
 * 2.1 and 2.2). `incomplete` as long as more bytes may change the answer; any other answer stays. Who may send one is
 * for the caller to know.
 */
export type ProxyHeader =
  | { readonly kind: 'incomplete' }
  /** The bytes begin with something else. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed'; readonly why: string }
  | {
      readonly kind: 'header';
      readonly version: 1 | 2;
      /** The proxy speaks for itself, e.g. to find out whether we are there: the connection's own addresses count. */
      readonly local: boolean;
      /** Undefined where the proxy does not know it, or it is no IP address (`UNKNOWN`, a unix socket). */
      readonly source: SocketAddress | undefined;
      readonly destination: SocketAddress | undefined;
      /** What version 2 says besides (section 2.2.1), as it came; to be passed on. */
      readonly tlvs: Uint8Array;
      /** Of the whole header; what follows is the client's. */
      readonly length: number;
    };

/** "PROXY UNKNOWN" and two of the longest IPv6 addresses and ports, as section 2.1 counts. */
const maxTextBytes = 107;
/** The length field could say 64 KiB; HAProxy itself takes what fits a buffer of 16 KiB. */
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

/** Version 1: one line. */
function readText(head: Uint8Array): ProxyHeader {
  const end = head.indexOf(10);
  if (end < 0) return head.length < maxTextBytes ? incomplete : malformed('its line is longer than 107 bytes');
  const line = Buffer.from(head.subarray(0, end + 1)).toString('latin1');
  const length = end + 1;
  const facts = { kind: 'header', version: 1, local: false, tlvs: noTlvs, length } as const;
  // Whatever else such a line says is to be ignored.
  if (/^PROXY UNKNOWN(?: .*)?\r\n$/.test(line)) return { ...facts, source: undefined, destination: undefined };
  const [, family, from = '', to = '', fromPort, toPort] =
    /^PROXY TCP([46]) ([\d.:a-fA-F]+) ([\d.:a-fA-F]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n$/.exec(line) ?? [];
  const isAddress = family === '4' ? isIPv4 : isIPv6;
  const ports = [Number(fromPort), Number(toPort)] as const;
  if (family === undefined || !isAddress(from) || !isAddress(to) || Math.max(...ports) > 65_535)
    return malformed('its line is none that version 1 knows');
  return { ...facts, source: inOneForm(from, ports[0]), destination: inOneForm(to, ports[1]) };
}

/** The same address is always written alike, as the rest of the relay writes it. */
function inOneForm(host: string, port: number): SocketAddress {
  const bytes = new Uint8Array(maxAddressLength);
  encodeAddress(bytes, host, port);
  return decodeAddress(bytes);
}

/** The signature is there, or as much of it as has come; the rest of the fixed part is not. */
function early(bytes: Uint8Array): ProxyHeader {
  return judgeCommand(bytes[12]) ?? judgeFamily(bytes[12], bytes[13]) ?? incomplete;
}

const localCommand = 0x20;
const proxyCommand = 0x21;

function judgeCommand(byte: number | undefined): ProxyHeader | undefined {
  if (byte === undefined || byte === localCommand || byte === proxyCommand) return undefined;
  return malformed('its version or command is unknown');
}

/** Family and transport, and how many bytes of addresses they take (section 2.2). */
const addressBytes: Readonly<Record<number, number>> = {
  0x00: 0,
  0x11: 12,
  0x12: 12,
  0x21: 36,
  0x22: 36,
  0x31: 216,
  0x32: 216,
};

/** Of a proxy's own connection the family is to be ignored, too. */
function judgeFamily(command: number | undefined, byte: number | undefined): ProxyHeader | undefined {
  if (command === localCommand || byte === undefined || addressBytes[byte] !== undefined) return undefined;
  return malformed('its address family is unknown');
}

function readBinary(bytes: Uint8Array): ProxyHeader {
  const [command, family = 0] = bytes.subarray(12, 14);
  const bad = judgeCommand(command) ?? judgeFamily(command, family);
  if (bad) return bad;
  const length = fixedBytes + ((bytes[14] ?? 0) << 8) + (bytes[15] ?? 0);
  if (length > maxBinaryBytes) return malformed('it is longer than 16 KiB');
  const local = command === localCommand;
  const addressesEnd = fixedBytes + (addressBytes[family] ?? 0);
  if (!local && length < addressesEnd) return malformed('its addresses do not fit its length');
  if (bytes.length < length) return incomplete;
  const facts = { kind: 'header', version: 2, local, length } as const;
  // All that a proxy says of a connection of its own is to be ignored.
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

/** By way of the kernel's form of an address, which the relay can read already. */
function addressAt(bytes: Uint8Array, at: number, size: 4 | 16, portAt: number): SocketAddress {
  const kernel = new Uint8Array(maxAddressLength);
  encodeAddress(kernel, size === 4 ? '0.0.0.0' : '::', 0);
  kernel.set(bytes.subarray(portAt, portAt + 2), 2);
  kernel.set(bytes.subarray(at, at + size), size === 4 ? 4 : 8);
  return decodeAddress(kernel);
}

/** A checksum that is there has to be right (section 2.2.3). */
function faultOf(header: Uint8Array, tlvsAt: number): ProxyHeader | undefined {
  const found = findChecksum(header.subarray(tlvsAt));
  if (found === 'malformed') return malformed('its TLVs do not fit its length');
  if (found === 'none') return undefined;
  const at = tlvsAt + found;
  const zeroed = Uint8Array.from(header);
  zeroed.fill(0, at, at + checksumBytes);
  const declared = new DataView(header.buffer, header.byteOffset + at).getUint32(0);
  return declared === crc32c(zeroed) ? undefined : malformed('its checksum is wrong');
}

function malformed(why: string): ProxyHeader {
  return { kind: 'malformed', why };
}
