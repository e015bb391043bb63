import { isIP, isIPv6, SocketAddress } from 'node:net';
import { posix } from 'node:path';
import { z } from 'zod';

/**
 * Addresses as people write them: what to listen on, and where to connect to.
 */
export interface ListenAddress {
  /** An IP address, or `unix:/path` with port 0; undefined where only a port was given. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Ports in a row on one address; `count` 1 is the plain case. */
export interface ListenRange extends ListenAddress {
  readonly count: number;
}

export interface Target {
  /** An IP address or a host name; or `unix:/path` with port 0. */
  readonly host: string;
  readonly port: number;
}

/** A range opens a listener and makes a service for each of its ports. */
const mostPortsInRange = 1024;

/** What fits into sun_path, less its terminating zero (unix(7)). */
const longestSocketPath = 107;

/** RFC 1123: labels of letters, digits and hyphens; underscores too, as compose service names have them. */
const hostName =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** `5432`, `:5432`, `127.0.0.1:5432`, `[::1]:5432` or `unix:/path`; `localhost` is 127.0.0.1. Ports 0 to 65535. */
export function parseListen(text: string): ListenAddress | undefined {
  if (isSocketPath(text)) return parseSocket(text);
  const portOnly = /^:?(\d{1,5})$/.exec(text);
  if (portOnly) return withPort(portOnly[1], (port) => ({ host: undefined, port }));
  const target = parseTarget(text);
  if (!target) return undefined;
  const host = target.host === 'localhost' ? '127.0.0.1' : target.host;
  return isIP(host) === 0 ? undefined : { host: canonical(host), port: target.port };
}

/** The same with `7000-7010` in the port's place. Says what is wrong otherwise. */
function parseListenRange(text: string): ListenRange | string {
  const { head = text, last } = /^(?<head>[^/]*?)-(?<last>\d{1,5})$/.exec(text)?.groups ?? {};
  const first = parseListen(head);
  if (!first || (first.port === 0 && !isSocketPath(head))) return listenRule;
  const count = last === undefined ? 1 : Number(last) - first.port + 1;
  if (count < 1 || first.port + count - 1 > 65_535) return 'must have ranges from a lower to a higher port';
  return count <= mostPortsInRange ? { ...first, count } : `must have at most ${mostPortsInRange} ports in a range`;
}

const listenRule =
  'must be a port, IP:port, a range of ports or unix:/path, or several with commas, such as 5432 or 127.0.0.1:7000-7010';

/** `host:port`, `[ipv6]:port` or `unix:/path`. */
export function parseTarget(text: string): Target | undefined {
  if (isSocketPath(text)) return parseSocket(text);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, bracketed, bare, port] = match;
  const host = bracketed ?? bare ?? '';
  if (bracketed === undefined ? !isHost(host) : !isIPv6(host)) return undefined;
  return withPort(port, (number) => ({ host, port: number }));
}

/** A Unix socket in the place of a host. */
export function isSocketPath(host: string): boolean {
  return host.startsWith('unix:');
}

/** `127.0.0.1:80`, `[::1]:80`, `unix:/path`. */
export function formatAddress(host: string, port: number): string {
  if (isSocketPath(host)) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Only the plain form of an absolute path, so that two that are spelled alike are alike, and none leads elsewhere. */
function parseSocket(text: string): Target | undefined {
  const path = text.slice('unix:'.length);
  const plain = /^\/[!-+\--~]+$/.test(path) && posix.normalize(path) === path && !path.endsWith('/');
  return plain && path.length <= longestSocketPath ? { host: text, port: 0 } : undefined;
}

/** One spelling for each address, so that `[0::1]:80` and `[::1]:80` are one listener. */
function canonical(ip: string): string {
  // A zone (fe80::1%eth0) is lost in it.
  if (!isIPv6(ip) || ip.includes('%')) return ip;
  return new SocketAddress({ address: ip, family: 'ipv6' }).address;
}

function isHost(host: string): boolean {
  // Digits and dots that are no IPv4 address (1.2.3, 256.1.1.1) would be taken for a name and looked up.
  return /^[\d.]+$/.test(host) ? isIP(host) === 4 : hostName.test(host);
}

function withPort<T>(digits: string | undefined, build: (port: number) => T): T | undefined {
  const port = Number(digits);
  return port <= 65_535 ? build(port) : undefined;
}

/** One address or several; all ranges in it are of one length, since they lead to the same ports of the container. */
export const listenSchema = z.string().transform((text, context): readonly ListenRange[] => {
  const ranges: ListenRange[] = [];
  for (const part of text.split(',')) {
    const range = parseListenRange(part.trim());
    if (typeof range === 'string') {
      context.addIssue({ code: 'custom', message: range });
      return z.NEVER;
    }
    ranges.push(range);
  }
  if (ranges.every((one) => one.count === ranges[0]?.count)) return ranges;
  context.addIssue({ code: 'custom', message: 'must have ranges of one length' });
  return z.NEVER;
});

export const targetSchema = z.string().transform((text, context) => {
  const target = parseTarget(text);
  if (target && (target.port > 0 || isSocketPath(target.host))) return target;
  context.addIssue({
    code: 'custom',
    message: 'must be HOST:PORT or unix:/path, such as localhost:8080 or [::1]:8080',
  });
  return z.NEVER;
});
