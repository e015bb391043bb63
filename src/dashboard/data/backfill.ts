import type { StatsEvent } from '../../admin/event-schema.ts';
import type { History } from './history.ts';

/**
 * Puts the figures from before the page was opened in front of the live ones. Those do not wait for it: the past of many
 * busy services is megabytes, and the page shows its services meanwhile. Owns the figures that come until then.
 */
export class Backfill {
  readonly #history: History;
  #waiting: { readonly stats: StatsEvent; readonly fresh: boolean }[] | undefined = [];

  constructor(history: History) {
    this.#history = history;
  }

  /** `fresh`: these are the figures of all services, not only of those that changed. */
  addLive(stats: StatsEvent, fresh: boolean): void {
    if (this.#waiting) this.#waiting.push({ stats, fresh });
    else this.#add(stats, fresh);
  }

  /** The samples, the oldest first; none where they could not be read. To be called once. */
  addPast(samples: readonly StatsEvent[]): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    const [first] = waiting;
    const before = samples.filter((sample) => !first || atMsOf(sample) < atMsOf(first.stats));
    for (const [index, sample] of before.entries()) this.#add(sample, index === 0);
    for (const { stats, fresh } of waiting) this.#add(stats, fresh);
  }

  #add(stats: StatsEvent, fresh: boolean): void {
    this.#history.add(atMsOf(stats), new Map(Object.entries(stats.services)), fresh);
  }
}

function atMsOf({ at }: StatsEvent): number {
  return Date.parse(at);
}
