import { isFailure, type EndedFilter, type SessionRecord } from '../relay/boundary/report.ts';

/**
 * Keeps the sessions that ended last, in bounded memory. Failed ones have a place of their own, so that they are still
 * there after many sessions that went well.
 */
export const mostOfEach = 200;
/** The most sessions that are kept: the latest of all, and the latest of those that failed. */
export const mostEndedSessions = 2 * mostOfEach;

export interface EndedSessions {
  /** The latest first. */
  readonly sessions: readonly SessionRecord[];
  /** The number of kept sessions that match, including those beyond the limit. */
  readonly total: number;
}

export class RecentSessions {
  readonly #all = new Latest();
  readonly #failed = new Latest();
  #added = 0;

  add(records: readonly SessionRecord[]): void {
    for (const record of records) {
      const kept = { order: this.#added++, record };
      this.#all.add(kept);
      if (isFailure(record.reason)) this.#failed.add(kept);
    }
  }

  list({ service, reason, failed = false, limit }: EndedFilter): EndedSessions {
    const kept = failed ? this.#failed.all() : new Set([...this.#failed.all(), ...this.#all.all()]);
    const found = [...kept]
      .filter(({ record }) => service === undefined || record.service === service)
      .filter(({ record }) => reason === undefined || record.reason === reason)
      .toSorted((a, b) => b.order - a.order);
    return { sessions: found.slice(0, limit).map(({ record }) => record), total: found.length };
  }
}

interface Kept {
  readonly order: number;
  readonly record: SessionRecord;
}

/** The last few, in a ring: records may come by the ten thousand a second. */
class Latest {
  readonly #ring: Kept[] = [];
  #next = 0;

  add(kept: Kept): void {
    this.#ring[this.#next] = kept;
    this.#next = (this.#next + 1) % mostOfEach;
  }

  all(): readonly Kept[] {
    return this.#ring;
  }
}
