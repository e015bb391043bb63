import type { Clock, Timer } from '../../time/clock.ts';
import { EngineError } from '../engine.ts';
import { settleBy } from './deadline.ts';

/**
 * One call, whose answer any number of callers wait for: about what a container can do without. The answer is undefined
 * where the engine does not tell, also since it takes too long, and once a caller's signal fires. It never rejects.
 */
export class OptionalCall<T> {
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #patience: Timer;
  readonly #told: Promise<T | undefined>;
  #waiting = 0;
  #isSettled = false;
  #isTold = false;
  #isRefused = false;
  /** From then on the engine is to be asked again. */
  #untilMs = Infinity;

  constructor(read: (signal: AbortSignal) => Promise<T | undefined>, clock: Clock) {
    this.#clock = clock;
    this.#patience = clock.after(patienceMs, () => this.#end(clock.nowMs() + unknownMs));
    this.#told = this.#settle(read(this.#ending.signal));
  }

  get isCurrent(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  get isOver(): boolean {
    return this.#isSettled;
  }

  /** Whether the engine did not tell, and is not to be asked again yet. */
  get isUnanswered(): boolean {
    return this.#isSettled && !this.#isTold && this.isCurrent;
  }

  /** Whether the engine, or a proxy before it, answered that it does not tell. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** The last caller to leave ends the call. */
  async answer(signal: AbortSignal | undefined): Promise<T | undefined> {
    this.#waiting += 1;
    const told = await (signal ? settleBy(signal, this.#told).catch(() => undefined) : this.#told);
    this.#waiting -= 1;
    if (this.#waiting === 0 && !this.#isSettled) this.#end(-Infinity);
    return told;
  }

  #end(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#ending.abort();
  }

  async #settle(answer: Promise<T | undefined>): Promise<T | undefined> {
    try {
      const told = await answer;
      this.#isTold = told !== undefined;
      this.#isRefused = told === undefined;
      return told;
    } catch (error) {
      this.#isRefused = error instanceof EngineError && error.forbidden;
      // What fails once may succeed the next time.
      if (!this.#isRefused && this.#untilMs === Infinity) this.#untilMs = -Infinity;
      return undefined;
    } finally {
      // The rules of a proxy may be corrected.
      if (this.#isRefused) this.#untilMs = this.#clock.nowMs() + unknownMs;
      this.#isSettled = true;
      this.#patience.cancel();
    }
  }
}

/** No caller waits longer. */
const patienceMs = 2_000;
/** How long the engine counts as one that does not tell after that or a refusal, as where a proxy swallows the call. */
const unknownMs = 60_000;
