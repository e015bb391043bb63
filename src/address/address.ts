import { isIP, isIPv6, SocketAddress } from 'node:net';
import { posix } from 'node:path';
import { isDotted, isHostName } from './host-name.ts';
import { parsePort } from './port.ts';

/**
 * Parses, prints and compares addresses to listen on and to connect to; no other file does. A Unix socket has
 * `unix:/path` as its host, and port 0. This file uses no zod, because the relay threads load it.
 */
export interface Address {
  /** An IP address, a host name where names are allowed, or `unix:/path`. */
  readonly host: string;
  readonly port: number;
}

/** The longest path that fits into sun_path, without its terminating zero (unix(7)). */
export const longestSocketPath = 107;

/** Parses `host:port`, `[ipv6]:port` or `unix:/path`, with ports from 0 to 65535. */
export function parseAddress(text: string): Address | undefined {
  if (isUnix(text)) return parseSocket(text);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const [, bracketed, bare = '', digits = ''] = match ?? [];
  const port = parsePort(digits);
  if (port === undefined || !(bracketed === undefined ? isHost(bare) : isIPv6(bracketed))) return undefined;
  return { host: bracketed ?? bare, port };
}

/** Prints an address as `127.0.0.1:80`, `[::1]:80` or `unix:/path`. */
export function formatAddress({ host, port }: Address): string {
  if (isUnix(host)) return host;
  return isIPv6Host(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

/**
 * Returns `10.0.0.1` for `10.0.0.1:80` and `::1` for `[::1]:80`; returns a text without a port, such as `unix`,
 * unchanged.
 */
export function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return address;
  const host = address.slice(0, colon);
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Whether the host is a Unix socket. */
export function isUnix(host: string): boolean {
  return host.startsWith('unix:');
}

export function unixPath(host: string): string {
  return host.slice('unix:'.length);
}

/** The options for `connect` of node:net and node:http. */
export function connectOptions({ host, port }: Address): { readonly path: string } | Address {
  return isUnix(host) ? { path: unixPath(host) } : { host, port };
}

/** Whether two addresses can't both be bound. The IPv6 wildcard also binds the port on IPv4 (ipv6(7)). */
export function overlap(a: Address, b: Address): boolean {
  if (a.port !== b.port) return false;
  if (a.host === b.host) return true;
  // Port 0 belongs to Unix sockets and to ports that the kernel chooses: those overlap only if their hosts are equal.
  if (a.port === 0) return false;
  return coversHost(a.host, b.host) || coversHost(b.host, a.host);
}

/** Whether a socket on `wide` also accepts the clients of `narrow`: both drivers let that of `::` accept IPv4. */
export function covers(wide: Address, narrow: Address): boolean {
  return overlap(wide, narrow) && (wide.host === narrow.host || coversHost(wide.host, narrow.host));
}

/**
 * Whether a connection to `address` is accepted by a socket of this machine on `listen`. `own`: the machine's addresses
 * beside loopback.
 */
export function leadsTo(address: Address, listen: Address, own: ReadonlySet<string> = new Set()): boolean {
  const isHere = address.host === listen.host || isLoopback(address.host) || own.has(address.host);
  return isHere && covers(listen, address);
}

function coversHost(wide: string, narrow: string): boolean {
  return wide === '::' || (wide === '0.0.0.0' && !isIPv6Host(narrow));
}

/** Whether the host accepts connections only from this machine or container. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

/** Whether the host stands for all addresses of a machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The canonical spelling of an IP address, so that `[0::1]:80` and `[::1]:80` are one listener. */
export function canonicalIP(ip: string): string {
  // SocketAddress drops a zone (fe80::1%eth0).
  if (!isIPv6(ip) || ip.includes('%')) return ip;
  return new SocketAddress({ address: ip, family: 'ipv6' }).address;
}

/**
 * The canonical spelling (RFC 5952) of an IPv6 address without a zone, in brackets as in URLs and Host headers:
 * `[::1]`.
 */
export function bracketedIPv6(ip: string): string {
  return new URL(`http://[${ip}]`).hostname;
}

function isIPv6Host(host: string): boolean {
  return host.includes(':');
}

/** Accepts only a normalized absolute path, so that equal sockets have equal texts and no path leads elsewhere. */
function parseSocket(text: string): Address | undefined {
  const path = unixPath(text);
  const plain = /^\/[!-+\--~]+$/.test(path) && posix.normalize(path) === path && !path.endsWith('/');
  return plain && path.length <= longestSocketPath ? { host: text, port: 0 } : undefined;
}

function isHost(text: string): boolean {
  // 1.2.3 and 256.1.1.1 are not addresses; without this check they would be resolved as names.
  return isDotted(text) ? isIP(text) === 4 : isHostName(text);
}
