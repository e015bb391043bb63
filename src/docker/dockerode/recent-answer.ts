import type { Clock } from '../../time/clock.ts';
import { settleBy } from './deadline.ts';

/**
 * Shares one call among those who make it at about the same time for different purposes, where it costs the engine much.
 */
export class RecentAnswer<T> {
  readonly #ask: (signal: AbortSignal | undefined) => Promise<T>;
  readonly #clock: Clock;
  #pending: { readonly answer: Promise<T>; readonly signal: AbortSignal | undefined } | undefined;
  #answered: { readonly answer: T; readonly untilMs: number } | undefined;

  constructor(ask: (signal: AbortSignal | undefined) => Promise<T>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** An answer of a moment ago, or that of the call under way, be it a failure, or that of a new call. */
  async get(signal: AbortSignal | undefined): Promise<T> {
    if (this.#answered && this.#clock.nowMs() < this.#answered.untilMs) return this.#answered.answer;
    const pending = this.#pending;
    if (!pending) return this.#begin(signal);
    try {
      return await (signal ? settleBy(signal, pending.answer) : pending.answer);
    } catch (error) {
      // The call ended because its maker had no use for it any more.
      if (pending.signal?.aborted && !signal?.aborted) return this.get(signal);
      throw error;
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<T> {
    const pending = { answer: this.#ask(signal), signal };
    this.#pending = pending;
    try {
      const answer = await pending.answer;
      this.#answered = { answer, untilMs: this.#clock.nowMs() + recentMs };
      return answer;
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
    }
  }
}

/** Connecting takes less; that an engine has joined a Swarm may be noticed so much later. */
const recentMs = 1000;
