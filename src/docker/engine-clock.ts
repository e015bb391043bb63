/**
 * Estimates how far the engine's clock is ahead of this machine's, from the `Date` headers of its answers and the times
 * of its events. It knows bounds rather than a value: a `Date` has whole seconds (RFC 9110 §5.6.7), and an event was
 * received after it happened. All times are milliseconds since the Unix epoch.
 */
export class EngineClock {
  #leastMs = -Infinity;
  #mostMs = Infinity;

  /** An answer to a request of `askedMs` arrived at `receivedMs`, and its `Date` is `dateMs`. */
  answered(dateMs: number, askedMs: number, receivedMs: number): void {
    this.#narrow(dateMs - receivedMs, dateMs + dateStepMs - askedMs);
  }

  /** The time of an event that arrived at `receivedMs`, by this machine's clock. */
  toLocalMs(engineMs: number, receivedMs: number): number {
    this.#narrow(engineMs - receivedMs - clockStepMs, Infinity);
    return engineMs - this.#offsetMs();
  }

  /** Whether the engine's clock has not come to `engineMs` yet, as far as its answers tell. */
  isAhead(engineMs: number, nowMs: number): boolean {
    return engineMs > nowMs + this.#mostMs;
  }

  /** Clocks that may be equal are taken to be, since most engines run on this machine. */
  #offsetMs(): number {
    if (this.#leastMs > 0) return this.#leastMs;
    return this.#mostMs < 0 ? Math.max(this.#leastMs, -Number.MAX_SAFE_INTEGER) : 0;
  }

  /** Bounds that contradict the earlier ones replace them: one of the two clocks was set. */
  #narrow(leastMs: number, mostMs: number): void {
    const [least, most] = [Math.max(this.#leastMs, leastMs), Math.min(this.#mostMs, mostMs)];
    [this.#leastMs, this.#mostMs] = least <= most ? [least, most] : [leastMs, mostMs];
  }
}

const dateStepMs = 1_000;
/** This machine's clock is read in whole milliseconds. */
const clockStepMs = 1;
