import { backoffDelayMs } from '../../time/backoff.ts';
import type { Clock } from '../../time/clock.ts';

/**
 * What a worker makes of its own failed dials to one upstream, until the control side has probed it: for a while the
 * upstream is asked last, and the control side is told, though not at every dial.
 */
const refusedBackoff = { firstMs: 25, maxMs: 1_000 };
/** A dial that got no answer cost its client the whole deadline, so fewer of them are asked to find out again. */
const silentBackoff = { firstMs: 1_000, maxMs: 10_000 };
/** The control side probes by itself once told; it need not hear of each of a thousand clients. */
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
    /** A dial failed, with what error; called at most every 250 ms. */
    tell: (error: string) => void,
  ) {
    this.#clock = collaborators.clock;
    this.#random = collaborators.random;
    this.#tell = tell;
  }

  /** A dial failed lately, and nobody has found out since that the upstream answers again. */
  get isActive(): boolean {
    return this.#failures > 0 && this.#clock.nowMs() < this.#untilMs;
  }

  /** One client finds out; until it has, the others go elsewhere first. */
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
