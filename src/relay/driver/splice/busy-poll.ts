/**
 * Whether a thread has been at work for most of its time lately, with sockets that come and go; by windows of some
 * milliseconds.
 */
const windowMs = 10;
/** Of a window's time. */
const most = 0.75;
/** In a window: a thousand a second. */
const fewestComers = 10;

export class Rush {
  #windowBeganMs: number;
  #workedMs = 0;
  #comers = 0;
  #isOn = false;

  constructor(nowMs: number) {
    this.#windowBeganMs = nowMs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** A socket more. */
  came(): void {
    this.#comers += 1;
  }

  /** From the end of a wait to the next one. */
  worked(fromMs: number, untilMs: number): void {
    this.#workedMs += untilMs - fromMs;
    const lastedMs = untilMs - this.#windowBeganMs;
    if (lastedMs < windowMs) return;
    this.#isOn = this.#workedMs > most * lastedMs && this.#comers >= fewestComers;
    this.#workedMs = 0;
    this.#comers = 0;
    this.#windowBeganMs = untilMs;
  }
}
