import { networkInterfaces } from 'node:os';
import { isUnix, unixPath } from '../../address/address.ts';

/**
 * struct sockaddr_in, sockaddr_in6 and sockaddr_un (ip(7), ipv6(7), unix(7)) in the kernel's own bytes, which are the
 * same on x86-64 and arm64.
 */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** The greatest length of an IP address. */
export const maxAddressLength = 28;
/**
 * The greatest length of any address, Unix paths included: two bytes of family, and 108 that end with a zero (unix(7)).
 */
export const maxUnixAddressLength = 110;
const unix = 1;
const inet = 2;
const inet6 = 10;

/** The family of a socket for an IP address or `unix:/path` (socket(2)). */
export function familyOf(host: string): number {
  if (isUnix(host)) return unix;
  return host.includes(':') ? inet6 : inet;
}

/** Writes the address of an IP or `unix:/path`, and returns its length. */
export function encodeAddress(into: Uint8Array, host: string, port: number): number {
  if (isUnix(host)) return encodePath(into, unixPath(host));
  const v6 = host.includes(':');
  // The kernel ignores the bytes behind an IPv4 address (sin_zero).
  if (v6) into.fill(0, 0, maxAddressLength);
  into[0] = v6 ? inet6 : inet;
  into[1] = 0;
  into[2] = port >> 8;
  into[3] = port & 0xff;
  if (!v6) {
    writeIPv4(into, 4, host);
    return 16;
  }
  const [address = '', zone] = host.split('%');
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  before.forEach((group, index) => writeGroup(into, index, group));
  after.forEach((group, index) => writeGroup(into, 8 - after.length + index, group));
  new DataView(into.buffer, into.byteOffset).setUint32(24, scopeOf(zone), true);
  return maxAddressLength;
}

/** Reads an address; a client that connected over IPv4 to an IPv6 listener is shown with its IPv4 address. */
export function decodeAddress(from: Uint8Array): SocketAddress {
  const port = pairAt(from, 2);
  if (from[0] === inet) return { host: readIPv4(from, 4), port };
  if (from[0] === unix) return { host: 'unix', port: 0 };
  const groups = Array.from({ length: 8 }, (_, index) => pairAt(from, 8 + index * 2));
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return { host: readIPv4(from, 20), port };
  const plain = groups.map((group) => group.toString(16)).join(':');
  return { host: new URL(`http://[${plain}]`).hostname.slice(1, -1), port };
}

/** Prints an address; `unix` for a Unix socket, since clients' own sockets have no path. */
export function formatSocketAddress({ host, port }: SocketAddress): string {
  if (host === 'unix') return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The same text as `formatSocketAddress(decodeAddress(from))`, without an object in between: it is made for each
 * client.
 */
export function decodeText(from: Uint8Array): string {
  if (from[0] === inet) return `${readIPv4(from, 4)}:${pairAt(from, 2)}`;
  return formatSocketAddress(decodeAddress(from));
}

function encodePath(into: Uint8Array, path: string): number {
  into.fill(0, 0, maxUnixAddressLength);
  into[0] = unix;
  // A path that is too long is cut, and the kernel then reports it as missing or taken; its length is checked where it
  // is declared.
  Buffer.from(path).copy(into, 2, 0, maxUnixAddressLength - 3);
  return maxUnixAddressLength;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const bytes = new Uint8Array(4);
    writeIPv4(bytes, 0, part);
    return [pairAt(bytes, 0), pairAt(bytes, 2)];
  });
}

function pairAt(from: Uint8Array, at: number): number {
  return ((from[at] ?? 0) << 8) | (from[at + 1] ?? 0);
}

function writeGroup(into: Uint8Array, index: number, group: number): void {
  into[8 + index * 2] = group >> 8;
  into[9 + index * 2] = group & 0xff;
}

function writeIPv4(into: Uint8Array, at: number, host: string): void {
  let byte = 0;
  let index = at;
  for (let position = 0; position < host.length; position++) {
    const digit = host.charCodeAt(position) - 48;
    if (digit >= 0) {
      byte = byte * 10 + digit;
    } else {
      into[index++] = byte;
      byte = 0;
    }
  }
  into[index] = byte;
}

let lastIPv4 = -1;
let lastText = '';

/** Caches the last address, since clients connect again and again from the same few addresses. */
function readIPv4(from: Uint8Array, at: number): string {
  const packed = pairAt(from, at) * 0x1_0000 + pairAt(from, at + 2);
  if (packed !== lastIPv4) {
    lastText = `${from[at]}.${from[at + 1]}.${from[at + 2]}.${from[at + 3]}`;
    lastIPv4 = packed;
  }
  return lastText;
}

/** The number of the interface that a link-local address names: `fe80::1%eth0`, or by number. */
function scopeOf(zone: string | undefined): number {
  if (zone === undefined) return 0;
  const entry = networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6');
  return entry?.scopeid ?? (Number(zone) || 0);
}
