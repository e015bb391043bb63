import { isIP } from 'node:net';
import { canonicalIP, isUnix, parseAddress } from './address.ts';
import { lastPort, parsePort } from './port.ts';

/**
 * Parses the value of a `listen` option: addresses with or without a host, and ranges of ports.
 */
interface ListenAddress {
  /** An IP address, or `unix:/path` with port 0; undefined where only a port was given. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Consecutive ports on one address; `count` is 1 for a single port. */
export interface ListenRange extends ListenAddress {
  readonly count: number;
}

/** The limit exists because each port of a range gets a listener and a service of its own. */
const mostPortsInRange = 1024;

/**
 * Parses `5432`, `:5432`, `127.0.0.1:5432`, `[::1]:5432` or `unix:/path`, with ports from 0 to 65535. `localhost`
 * becomes 127.0.0.1.
 */
export function parseListen(text: string): ListenAddress | undefined {
  const portOnly = parsePort(text.replace(/^:/, ''));
  if (portOnly !== undefined) return { host: undefined, port: portOnly };
  const address = parseAddress(text);
  if (!address || isUnix(address.host)) return address;
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  return isIP(host) === 0 ? undefined : { host: canonicalIP(host), port: address.port };
}

/**
 * Parses what `parseListen` parses, with a range such as `7000-7010` as the port; returns the rule that is broken
 * otherwise.
 */
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

/**
 * Parses one address or several separated by commas; returns the rule that is broken otherwise. All ranges must have
 * one length, since they lead to the same ports of the upstream.
 */
export function parseListenRanges(text: string): readonly ListenRange[] | string {
  const ranges: ListenRange[] = [];
  for (const part of text.split(',')) {
    const range = parseRange(part.trim());
    if (typeof range === 'string') return range;
    ranges.push(range);
  }
  return ranges.every(({ count }) => count === ranges[0]?.count) ? ranges : 'must have ranges of one length';
}

/** The number of ports in each range; all ranges of one `listen` have the same number. */
export function rangeLength(listen: readonly ListenRange[] | undefined): number {
  return listen?.[0]?.count ?? 1;
}

/** The last port of a range that begins at `port`; greater than 65535 if the range does not fit. */
export function lastOf({ port, count }: Pick<ListenRange, 'port' | 'count'>): number {
  return port + count - 1;
}
