import type { Weighted } from './policy.ts';

/**
 * Who may be dialed for a session, best first in tiers: ready primaries; ready backups, when every ready primary has
 * been asked; suspects, the last resort. Within a tier the balancer decides. An upstream that is full is passed over,
 * but it is ready all the same, so it keeps the backups out: who finds only full ones waits.
 */
export interface Candidate extends Weighted {
  readonly isBackup: boolean;
  readonly isLimited: boolean;
  readonly isFull: boolean;
  readonly isSuspect: boolean;
  readonly isSuspectByTable: boolean;
}

export class Candidates<U extends Candidate> {
  readonly all: readonly U[];
  /** Nearly every pool: only what workers find out themselves can put one upstream behind another. */
  readonly #isPlain: boolean;

  constructor(all: readonly U[]) {
    this.all = all;
    this.#isPlain = all.every((one) => !one.isBackup && !one.isLimited && !one.isSuspectByTable);
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** The best tier of those that are not in `asked`; empty when there is nobody left to ask now. */
  best(asked: readonly U[]): readonly U[] {
    // Once for each session: no copies when all are alike.
    if (this.#isPlain && asked.length === 0 && !this.#hasSuspect()) return this.all;
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

  #hasSuspect(): boolean {
    for (const one of this.all) if (one.isSuspect) return true;
    return false;
  }
}
