import { isIP } from 'node:net';
import { canonicalIP, isUnix, parseAddress } from './address.ts';
import { lastPort, parsePort } from './port.ts';

/**
 * What to listen on, as people write it: an address with or without its host, and ranges of ports.
 */
interface ListenAddress {
  /** An IP address, or `unix:/path` with port 0; undefined where only a port was given. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Ports in a row on one address; `count` 1 is the plain case. */
export interface ListenRange extends ListenAddress {
  readonly count: number;
}

/** A range opens a listener and makes a service for each of its ports. */
const mostPortsInRange = 1024;

/** `5432`, `:5432`, `127.0.0.1:5432`, `[::1]:5432` or `unix:/path`; `localhost` is 127.0.0.1. Ports 0 to 65535. */
export function parseListen(text: string): ListenAddress | undefined {
  const portOnly = parsePort(text.replace(/^:/, ''));
  if (portOnly !== undefined) return { host: undefined, port: portOnly };
  const address = parseAddress(text);
  if (!address || isUnix(address.host)) return address;
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  return isIP(host) === 0 ? undefined : { host: canonicalIP(host), port: address.port };
}

/** The same with `7000-7010` in the port's place. Says what is wrong otherwise. */
function parseRange(text: string): ListenRange | string {
  const { head = text, last } = /^(?<head>[^/]*?)-(?<last>\d{1,5})$/.exec(text)?.groups ?? {};
  const first = parseListen(head);
  if (!first || (first.port === 0 && !isUnix(head))) return listenRule;
  const count = last === undefined ? 1 : Number(last) - first.port + 1;
  if (count < 1 || lastOf({ ...first, count }) > lastPort) return 'must have ranges from a lower to a higher port';
  return count <= mostPortsInRange ? { ...first, count } : `must have at most ${mostPortsInRange} ports in a range`;
}

const listenRule =
  'must be a port, IP:port, a range of ports or unix:/path, or several with commas, such as 5432 or 127.0.0.1:7000-7010';

/** One address or several with commas; all ranges of one length, since they lead to the same ports. Else what is wrong. */
export function parseListenRanges(text: string): readonly ListenRange[] | string {
  const ranges: ListenRange[] = [];
  for (const part of text.split(',')) {
    const range = parseRange(part.trim());
    if (typeof range === 'string') return range;
    ranges.push(range);
  }
  return ranges.every(({ count }) => count === ranges[0]?.count) ? ranges : 'must have ranges of one length';
}

/** Ports of each range; all ranges of one `listen` have the same. */
export function rangeLength(listen: readonly ListenRange[] | undefined): number {
  return listen?.[0]?.count ?? 1;
}

/** The last port of a range that begins at `port`; beyond 65535 where it does not fit. */
export function lastOf({ port, count }: Pick<ListenRange, 'port' | 'count'>): number {
  return port + count - 1;
}
