/**
 * Keeps the recent dial failures for explanations, in bounded memory. A repeated failure is kept once, with its count.
 */
export interface RecentDialFailure {
  /** When the failure last happened, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly upstreamKey: string;
  readonly error: string;
  readonly count: number;
}

const most = 256;

export class DialFailures {
  /** The failures by upstream and error, the one that happened last at the end. */
  readonly #failures = new Map<string, RecentDialFailure>();

  add(upstreamKey: string, error: string, atMs: number): void {
    const id = `${upstreamKey}\0${error}`;
    const count = (this.#failures.get(id)?.count ?? 0) + 1;
    this.#failures.delete(id);
    this.#failures.set(id, { atMs, upstreamKey, error, count });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > most && oldest !== undefined) this.#failures.delete(oldest);
  }

  /** The failures, newest first. */
  recent(): readonly RecentDialFailure[] {
    return [...this.#failures.values()].toReversed();
  }
}
