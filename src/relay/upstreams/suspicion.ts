import { backoffDelayMs } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';

/**
 * A worker's suspicion of one upstream after failed dials of its own, until the control side has probed the upstream:
 * for a while the upstream is dialed last, and the control side is told, though not of every failed dial.
 */
const refusedBackoff = { firstMs: 25, maxMs: 1_000 };
/** A dial without an answer costs its client the whole connect timeout, so fewer clients are sent to try again. */
const silentBackoff = { firstMs: 1_000, maxMs: 10_000 };
/** Once told, the control side probes by itself; it need not hear of each of a thousand failed dials. */
const tellIntervalMs = 250;

export class Suspicion {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #tell: (error: string) => void;
  #failures = 0;
  #untilMs = 0;
  #toldAtMs = -Infinity;

  constructor(
    collaborators: { readonly clock: Clock; readonly random: () => number },
    /** Tells the control side the error of a failed dial; called at most every 250 ms. */
    tell: (error: string) => void,
  ) {
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#tell = tell;
  }

  /** True when a dial failed lately and no dial or probe was answered since. */
  get isActive(): boolean {
    return this.#failures > 0 && this.#clock.nowMs() < this.#untilMs;
  }

  /** True when a dial failed and no dial or probe was answered since, however long ago that was. */
  get isOpen(): boolean {
    return this.#failures > 0;
  }

  /** A dial of one client tests the upstream; until it has a result, other clients are sent elsewhere first. */
  onDial(deadlineMs: number): void {
    if (this.#failures > 0) this.#untilMs = Math.max(this.#untilMs, this.#clock.nowMs() + deadlineMs);
  }

  onFailed(how: 'refused' | 'silent', error: string): void {
    const nowMs = this.#clock.nowMs();
    const backoff = how === 'silent' ? silentBackoff : refusedBackoff;
    this.#untilMs = nowMs + backoffDelayMs(this.#failures, backoff, this.#random);
    this.#failures += 1;
    if (nowMs - this.#toldAtMs < tellIntervalMs) return;
    this.#toldAtMs = nowMs;
    this.#tell(error);
  }

  clear(): void {
    this.#failures = 0;
  }
}
