import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';

/**
 * Addresses as people write them: what to listen on, and where to connect to.
 */
export interface ListenAddress {
  /** An IP address; undefined where only a port was given. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface Target {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
}

/** RFC 1123: labels of letters, digits and hyphens; underscores too, as compose service names have them. */
const hostName =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** `5432`, `:5432`, `127.0.0.1:5432` or `[::1]:5432`; `localhost` stands for 127.0.0.1. Ports 0 to 65535. */
export function parseListen(text: string): ListenAddress | undefined {
  const portOnly = /^:?(\d{1,5})$/.exec(text);
  if (portOnly) return withPort(portOnly[1], (port) => ({ host: undefined, port }));
  const target = parseTarget(text);
  if (!target) return undefined;
  const host = target.host === 'localhost' ? '127.0.0.1' : target.host;
  return isIP(host) === 0 ? undefined : { host, port: target.port };
}

/** `host:port` or `[ipv6]:port`. */
export function parseTarget(text: string): Target | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [, bracketed, bare, port] = match;
  const host = bracketed ?? bare ?? '';
  if (bracketed === undefined ? !isHost(host) : !isIPv6(host)) return undefined;
  return withPort(port, (number) => ({ host, port: number }));
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function isHost(host: string): boolean {
  // Digits and dots that are no IPv4 address (1.2.3, 256.1.1.1) would be taken for a name and looked up.
  return /^[\d.]+$/.test(host) ? isIP(host) === 4 : hostName.test(host);
}

function withPort<T>(digits: string | undefined, build: (port: number) => T): T | undefined {
  const port = Number(digits);
  return port <= 65_535 ? build(port) : undefined;
}

export const listenSchema = z.union([z.string(), z.int().min(0)]).transform((value, context) => {
  const listen = parseListen(String(value));
  if (listen && listen.port > 0) return listen;
  context.addIssue({ code: 'custom', message: 'must be a port (1-65535) or IP:port, such as 5432 or 127.0.0.1:5432' });
  return z.NEVER;
});

export const targetSchema = z.string().transform((text, context) => {
  const target = parseTarget(text);
  if (target && target.port > 0) return target;
  context.addIssue({ code: 'custom', message: 'must be HOST:PORT, such as localhost:8080 or [::1]:8080' });
  return z.NEVER;
});
