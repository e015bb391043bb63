import type { Clock, Timer } from '../time/clock.ts';

/**
 * How late a timer fires in this thread, looked at once a second: what everything else here has to wait, too.
 */
const intervalMs = 1_000;

export class LoopLag {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  lastMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(): void {
    const dueMs = this.#clock.nowMs() + intervalMs;
    this.#timer = this.#clock.after(intervalMs, () => {
      this.lastMs = Math.max(0, this.#clock.nowMs() - dueMs);
      this.#look();
    });
  }
}
