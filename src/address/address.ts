import { isIP, isIPv6, SocketAddress } from 'node:net';
import { posix } from 'node:path';
import { isDotted, isHostName } from './host-name.ts';
import { parsePort } from './port.ts';

/**
 * Addresses to listen on and to connect to: parsed, printed and compared here and nowhere else. A Unix socket is
 * `unix:/path` in the place of the host, with port 0. No zod: the relay's threads load this file.
 */
export interface Address {
  /** An IP address, a host name where names are allowed, or `unix:/path`. */
  readonly host: string;
  readonly port: number;
}

/** What fits into sun_path, less its terminating zero (unix(7)). */
const longestSocketPath = 107;

/** `host:port`, `[ipv6]:port` or `unix:/path`. Ports 0 to 65535. */
export function parseAddress(text: string): Address | undefined {
  if (isUnix(text)) return parseSocket(text);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const [, bracketed, bare = '', digits = ''] = match ?? [];
  const port = parsePort(digits);
  if (port === undefined || !(bracketed === undefined ? isHost(bare) : isIPv6(bracketed))) return undefined;
  return { host: bracketed ?? bare, port };
}

/** `127.0.0.1:80`, `[::1]:80`, `unix:/path`. */
export function formatAddress({ host, port }: Address): string {
  if (isUnix(host)) return host;
  return isIPv6Host(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `10.0.0.1` of `10.0.0.1:80`, `::1` of `[::1]:80`; a text without a port, such as `unix`, as it is. */
export function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return address;
  const host = address.slice(0, colon);
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Whether a Unix socket stands in the place of a host. */
export function isUnix(host: string): boolean {
  return host.startsWith('unix:');
}

/** The path of a Unix socket. */
export function unixPath(host: string): string {
  return host.slice('unix:'.length);
}

/** What connect of node:net and node:http takes. */
export function connectOptions({ host, port }: Address): { readonly path: string } | Address {
  return isUnix(host) ? { path: unixPath(host) } : { host, port };
}

/** Whether two addresses can't both be bound. The wildcard of IPv6 takes the ports of IPv4 as well (ipv6(7)). */
export function overlap(a: Address, b: Address): boolean {
  if (a.port !== b.port) return false;
  if (a.host === b.host) return true;
  // Unix sockets, and ports that the kernel chooses: nothing but the same host is the same.
  if (a.port === 0) return false;
  const takesPortOf = (one: string, other: string): boolean =>
    one === '::' || (one === '0.0.0.0' && !isIPv6Host(other));
  return takesPortOf(a.host, b.host) || takesPortOf(b.host, a.host);
}

/** Whether only this machine, or this container, can connect to it. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

/** Whether it stands for all addresses of a machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** One spelling for each IP address, so that `[0::1]:80` and `[::1]:80` are one listener. */
export function canonicalIP(ip: string): string {
  // A zone (fe80::1%eth0) is lost in it.
  if (!isIPv6(ip) || ip.includes('%')) return ip;
  return new SocketAddress({ address: ip, family: 'ipv6' }).address;
}

/** An IPv6 address without a zone as URLs and Host headers have it: `[::1]`, in one spelling (RFC 5952). */
export function bracketedIPv6(ip: string): string {
  return new URL(`http://[${ip}]`).hostname;
}

/** Of an IP address or a host name. */
function isIPv6Host(host: string): boolean {
  return host.includes(':');
}

/** Only the plain form of an absolute path, so that two that are spelled alike are alike, and none leads elsewhere. */
function parseSocket(text: string): Address | undefined {
  const path = unixPath(text);
  const plain = /^\/[!-+\--~]+$/.test(path) && posix.normalize(path) === path && !path.endsWith('/');
  return plain && path.length <= longestSocketPath ? { host: text, port: 0 } : undefined;
}

function isHost(text: string): boolean {
  // 1.2.3 and 256.1.1.1 are no addresses, and would be looked up as names.
  return isDotted(text) ? isIP(text) === 4 : isHostName(text);
}
