import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { isUnix } from '../address/address.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { backoffDelayMs } from '../time/backoff.ts';
import type { Resolution } from './static-services.ts';

/**
 * Keeps host names resolved: it resolves each name at intervals, and reports when the addresses changed. When a lookup
 * fails after one that succeeded, the last addresses are kept.
 */
export interface Resolver {
  /** Resolves these names from now on, and forgets all others. */
  watch(hosts: Iterable<string>): void;
  resolutions(): ReadonlyMap<string, Resolution>;
  stop(): void;
}

export interface ResolverParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: () => void;
  /** Returns all addresses of a name, in the order to dial them; getaddrinfo(3) unless given. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** Names in Docker's or a router's DNS change within seconds; getaddrinfo does not return the record's TTL. */
const refreshMs = 10_000;
const retry = { firstMs: 1_000, maxMs: 30_000 };

interface Watched {
  resolution: Resolution;
  failures: number;
  timer: Timer | undefined;
}

export function createResolver({ clock, random, onChange, resolve = systemResolve }: ResolverParts): Resolver {
  const watched = new Map<string, Watched>();

  const refresh = async (host: string, entry: Watched): Promise<void> => {
    const next = await resolve(host).then(
      (addresses): Resolution => ({ kind: 'resolved', addresses }),
      (error: NodeJS.ErrnoException): Resolution => ({ kind: 'failed', reason: explain(error) }),
    );
    // The name was forgotten while the lookup was under way.
    if (watched.get(host) !== entry) return;
    entry.failures = next.kind === 'failed' ? entry.failures + 1 : 0;
    const delayMs = next.kind === 'failed' ? backoffDelayMs(entry.failures - 1, retry, random) : refreshMs;
    entry.timer = clock.after(delayMs, () => void refresh(host, entry));
    if (next.kind === 'failed' && entry.resolution.kind === 'resolved') return;
    if (saysTheSame(next, entry.resolution)) return;
    entry.resolution = next;
    onChange();
  };

  return {
    watch(hosts) {
      const wanted = new Set(hosts);
      for (const [host, entry] of watched) {
        if (wanted.has(host)) continue;
        entry.timer?.cancel();
        watched.delete(host);
      }
      for (const host of wanted) {
        if (watched.has(host)) continue;
        const literal = isIP(host) !== 0 || isUnix(host);
        const resolution: Resolution = literal ? { kind: 'resolved', addresses: [host] } : { kind: 'pending' };
        const entry: Watched = { resolution, failures: 0, timer: undefined };
        watched.set(host, entry);
        if (!literal) void refresh(host, entry);
      }
    },
    resolutions: () => new Map([...watched].map(([host, { resolution }]) => [host, resolution])),
    stop() {
      for (const { timer } of watched.values()) timer?.cancel();
      watched.clear();
    },
  };
}

/** Ignores the order of addresses, since name servers rotate their answers; the first order is kept. */
function saysTheSame(next: Resolution, before: Resolution): boolean {
  if (next.kind === 'resolved' && before.kind === 'resolved')
    return isDeepStrictEqual(next.addresses.toSorted(), before.addresses.toSorted());
  return isDeepStrictEqual(next, before);
}

async function systemResolve(host: string): Promise<readonly string[]> {
  const answers = await lookup(host, { all: true, order: 'ipv4first' });
  return [...new Set(answers.map(({ address }) => address))];
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOTFOUND':
      return 'no such name';
    case 'EAI_AGAIN':
      return 'the name server does not answer';
    default:
      return error.code ?? error.message;
  }
}
