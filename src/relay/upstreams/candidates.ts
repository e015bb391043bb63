import type { PoolOptions } from '../boundary/table.ts';
import type { Weighted } from './policy.ts';

/**
 * The upstreams that may be dialed for a session, in tiers, best first: ready primaries; ready backups, once every
 * ready primary was dialed; suspects, the last resort. Within a tier the balancer decides, unless the pool prefers local
 * upstreams: then remote ones are dialed after those. A full upstream is passed over, but it still counts as ready, so it
 * keeps the backups out: a session that finds only full primaries waits.
 *
 * A stand-in is a tier of its own: the first for its share of the sessions, the last for all others.
 */
export interface Candidate extends Weighted {
  readonly isBackup: boolean;
  readonly isRemote: boolean;
  readonly isLimited: boolean;
  readonly isFull: boolean;
  readonly isSuspect: boolean;
  readonly isSuspectByTable: boolean;
  readonly isStandIn: boolean;
  /** Whether the next session is one of the stand-in's share; `client`, where given, decides instead of the turn. */
  takesNext(client: string | undefined): boolean;
}

export class Candidates<U extends Candidate> {
  readonly all: readonly U[];
  /** True for nearly every pool: only a suspicion of this worker's own can then put one upstream behind another. */
  readonly #isPlain: boolean;
  readonly #prefersLocal: boolean;
  readonly #standIn: U | undefined;
  /** All but the stand-in. */
  readonly #others: readonly U[];

  constructor(all: readonly U[], prefer: PoolOptions['prefer']) {
    this.all = all;
    this.#standIn = all.find((one) => one.isStandIn);
    this.#others = this.#standIn ? all.filter((one) => !one.isStandIn) : all;
    this.#prefersLocal = prefer === 'local' && all.some((one) => one.isRemote);
    const isAlike = !this.#standIn && all.every((one) => !one.isBackup && !one.isLimited && !one.isSuspectByTable);
    this.#isPlain = isAlike && !this.#prefersLocal;
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /**
   * The best tier of the upstreams that are not in `asked`; empty when no upstream is left to dial now. `client` is the
   * client's address where a client that returns must come to the same upstream.
   */
  best(asked: readonly U[], client?: string): readonly U[] {
    // This runs for each session, so it makes no copies when all upstreams are alike.
    if (this.#isPlain && asked.length === 0 && !this.#hasSuspect()) return this.all;
    const standIn = this.#standIn;
    if (!standIn || asked.includes(standIn)) return this.#preferred(this.#tier(asked));
    if (asked.length === 0 && !standIn.isSuspect && standIn.takesNext(client)) return [standIn];
    const tier = this.#preferred(this.#tier(asked));
    return tier.length > 0 ? tier : [standIn];
  }

  /**
   * The candidates for a second dial beside one that is not answered. One lost packet is no reason to leave the tier: no
   * backup is dialed beside a primary, no suspect beside a ready upstream, and nothing else beside a stand-in.
   */
  beside(upstream: U, asked: readonly U[]): readonly U[] {
    if (upstream.isStandIn) return [];
    return this.best([...asked, upstream]).filter(
      (one) => (upstream.isBackup || !one.isBackup) && (upstream.isSuspect || !one.isSuspect) && one !== this.#standIn,
    );
  }

  /** The upstreams among which a rebalance shares the sessions. */
  get sharers(): readonly U[] {
    return this.#preferred(this.#others.filter((one) => !one.isBackup && !one.isSuspect));
  }

  #tier(asked: readonly U[]): readonly U[] {
    const left = this.#others.filter((one) => !asked.includes(one));
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
