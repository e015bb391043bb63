import type { Clock, Timer } from '../../src/time/clock.ts';

/**
 * A clock that moves only by `advance`, which runs due timers in order of their time, including timers that they set.
 */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #pending = new Set<{ readonly atMs: number; readonly task: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry = { atMs: this.#nowMs + delayMs, task };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** The milliseconds until the next timer is due; undefined when no timer is pending. */
  nextDelayMs(): number | undefined {
    const next = this.#earliest();
    return next && next.atMs - this.#nowMs;
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let next = this.#earliest(); next && next.atMs <= untilMs; next = this.#earliest()) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
    }
    this.#nowMs = untilMs;
  }

  #earliest(): { readonly atMs: number; readonly task: () => void } | undefined {
    let earliest: { readonly atMs: number; readonly task: () => void } | undefined;
    for (const entry of this.#pending) if (!earliest || entry.atMs < earliest.atMs) earliest = entry;
    return earliest;
  }
}
