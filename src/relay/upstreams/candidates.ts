import type { PoolOptions } from '../boundary/table.ts';
import type { Weighted } from './policy.ts';

/**
 * The upstreams that may be dialed for a session, in tiers, best first: ready primaries; ready backups, once every
 * ready primary was dialed; suspects, the last resort. Within a tier the balancer decides, unless the pool prefers local
 * upstreams: then remote ones are dialed after those. A full upstream is passed over, but it still counts as ready, so it
 * keeps the backups out: a session that finds only full primaries waits.
 */
export interface Candidate extends Weighted {
  readonly isBackup: boolean;
  readonly isRemote: boolean;
  readonly isLimited: boolean;
  readonly isFull: boolean;
  readonly isSuspect: boolean;
  readonly isSuspectByTable: boolean;
}

export class Candidates<U extends Candidate> {
  readonly all: readonly U[];
  /** True for nearly every pool: only a suspicion of this worker's own can then put one upstream behind another. */
  readonly #isPlain: boolean;
  readonly #prefersLocal: boolean;

  constructor(all: readonly U[], prefer: PoolOptions['prefer']) {
    this.all = all;
    this.#prefersLocal = prefer === 'local' && all.some((one) => one.isRemote);
    const isAlike = all.every((one) => !one.isBackup && !one.isLimited && !one.isSuspectByTable);
    this.#isPlain = isAlike && !this.#prefersLocal;
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** The best tier of the upstreams that are not in `asked`; empty when no upstream is left to dial now. */
  best(asked: readonly U[]): readonly U[] {
    // This runs for each session, so it makes no copies when all upstreams are alike.
    if (this.#isPlain && asked.length === 0 && !this.#hasSuspect()) return this.all;
    return this.#preferred(this.#tier(asked));
  }

  /** The upstreams among which a rebalance shares the sessions. */
  get sharers(): readonly U[] {
    return this.#preferred(this.all.filter((one) => !one.isBackup && !one.isSuspect));
  }

  #tier(asked: readonly U[]): readonly U[] {
    const left = this.all.filter((one) => !asked.includes(one));
    const isOpen = (one: U): boolean => !one.isFull;
    const ready = left.filter((one) => !one.isSuspect);
    const primaries = ready.filter((one) => !one.isBackup);
    const free = primaries.filter(isOpen);
    if (free.length > 0) return free;
    const mayUseBackups = primaries.length === 0;
    const backups = mayUseBackups ? ready.filter(isOpen) : [];
    if (backups.length > 0) return backups;
    const suspects = left.filter((one) => !ready.includes(one) && isOpen(one));
    const suspectPrimaries = suspects.filter((one) => !one.isBackup);
    return suspectPrimaries.length > 0 || !mayUseBackups ? suspectPrimaries : suspects;
  }

  #preferred(tier: readonly U[]): readonly U[] {
    if (!this.#prefersLocal) return tier;
    const local = tier.filter((one) => !one.isRemote);
    return local.length > 0 ? local : tier;
  }

  #hasSuspect(): boolean {
    for (const one of this.all) if (one.isSuspect) return true;
    return false;
  }
}
