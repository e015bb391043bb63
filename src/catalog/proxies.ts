import { intersectRanges, uniteRanges } from '../address/range-sets.ts';
import type { PoolOptions } from '../relay/boundary/table.ts';
import { distinct, type Decision, type Vote } from './consensus.ts';
import type { Declaration } from './declaration.ts';

/**
 * Decides which proxies a service trusts to name their clients' addresses, where its replicas disagree. Beside an access
 * list the trust restricts clients, too: a proxy can name any address, and one that is not trusted is a client itself.
 * So only proxies that all replicas trust are trusted, and the others are admitted neither as proxies nor as clients.
 * Their ranges are denied as a whole: clients in them are refused also where a trusted proxy names them, and a rolling
 * update from all proxies to a list of them refuses all clients until the last old replica is gone. Without access lists
 * the value of most replicas applies. Pure.
 */
export interface DecidedProxies {
  readonly trusted: readonly string[];
  /** The proxies that only some replicas trust, where that matters. */
  readonly disputed: readonly string[];
}

export function decideProxies(
  { value, dissenters }: Decision<readonly string[]>,
  votes: readonly Vote<readonly string[]>[],
  isRestricted: boolean,
): DecidedProxies {
  if (dissenters.length === 0 || !isRestricted) return { trusted: value, disputed: [] };
  const all = distinct(votes);
  const trusted = all.reduce(intersectRanges);
  return { trusted, disputed: all.reduce(uniteRanges).filter((range) => !trusted.includes(range)) };
}

/** Whether any of the declarations has an access list. */
export function haveAccessLists(group: readonly Declaration[]): boolean {
  return group.some(({ pool }) => pool.allow !== undefined || pool.deny.length > 0);
}

export function denyDisputed(pool: PoolOptions, disputed: readonly string[]): PoolOptions {
  return disputed.length === 0 ? pool : { ...pool, deny: uniteRanges(pool.deny, disputed) };
}
