/**
 * Dials that failed of late, for explanations. Bounded; the same failure again and again is kept once, with its count.
 */
export interface RecentDialFailure {
  /** The last time, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly upstreamKey: string;
  readonly error: string;
  readonly count: number;
}

const most = 256;

export class DialFailures {
  /** In the order of the last time. */
  readonly #failures = new Map<string, RecentDialFailure>();

  add(upstreamKey: string, error: string, atMs: number): void {
    const id = `${upstreamKey}\0${error}`;
    const count = (this.#failures.get(id)?.count ?? 0) + 1;
    this.#failures.delete(id);
    this.#failures.set(id, { atMs, upstreamKey, error, count });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > most && oldest !== undefined) this.#failures.delete(oldest);
  }

  /** Newest first. */
  recent(): readonly RecentDialFailure[] {
    return [...this.#failures.values()].toReversed();
  }
}
