import type { Clock, Timer } from '../time/clock.ts';

/**
 * Measures once a second how late a timer fires in this thread. All other work of the thread is delayed as much.
 */
const intervalMs = 1_000;

export class LoopLag {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  lastMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#measure();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #measure(): void {
    const dueMs = this.#clock.nowMs() + intervalMs;
    this.#timer = this.#clock.after(intervalMs, () => {
      this.lastMs = Math.max(0, this.#clock.nowMs() - dueMs);
      this.#measure();
    });
  }
}
