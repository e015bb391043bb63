/**
 * Decides whether a thread polls for events before it sleeps: if it has been at work for most of its time lately, with
 * sockets that come and go. Counted by windows of some milliseconds.
 */
const windowMs = 10;
/** The part of a window that a busy thread works for. */
const busyShare = 0.75;
/** New sockets in a window: a thousand a second. */
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

  /** The thread worked from the end of one wait to the next wait. */
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
