/** Whether a thread has been at work for most of its time lately, by windows of some milliseconds. */
const windowMs = 10;
const most = 0.5;

export class Load {
  #windowBeganMs: number;
  #workedMs = 0;
  #isHigh = false;

  constructor(nowMs: number) {
    this.#windowBeganMs = nowMs;
  }

  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** From the end of a wait to the next one. */
  worked(fromMs: number, untilMs: number): void {
    this.#workedMs += untilMs - fromMs;
    const lastedMs = untilMs - this.#windowBeganMs;
    if (lastedMs < windowMs) return;
    this.#isHigh = this.#workedMs > most * lastedMs;
    this.#workedMs = 0;
    this.#windowBeganMs = untilMs;
  }
}
