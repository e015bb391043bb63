/**
 * Decides whether a thread polls for events before it sleeps: it does if it has worked for most of the last window, and
 * enough new sockets were opened meanwhile. A window lasts 10 ms.
 */
const windowMs = 10;
/** The share of a window that a thread must have worked to count as busy. */
const busyShare = 0.75;
/** The least number of new sockets in a window: a thousand a second. */
const fewestNewSockets = 10;

export class BusyPoll {
  #windowBeganMs: number;
  #workedMs = 0;
  #newSockets = 0;
  #isOn = false;

  constructor(nowMs: number) {
    this.#windowBeganMs = nowMs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  onSocketAdded(): void {
    this.#newSockets += 1;
  }

  /** Counts the time that the thread worked, from the end of one wait to the beginning of the next. */
  onWorked(fromMs: number, untilMs: number): void {
    this.#workedMs += untilMs - fromMs;
    const lastedMs = untilMs - this.#windowBeganMs;
    if (lastedMs < windowMs) return;
    this.#isOn = this.#workedMs > busyShare * lastedMs && this.#newSockets >= fewestNewSockets;
    this.#workedMs = 0;
    this.#newSockets = 0;
    this.#windowBeganMs = untilMs;
  }
}
