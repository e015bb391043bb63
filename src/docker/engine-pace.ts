import { callName } from './endpoints.ts';

/**
 * How long an answer of the engine is waited for. A slow engine is not asked again and again in vain: a call that was
 * not answered in time gets twice as long, and an answer leaves room for one that takes three times as long. Prompt
 * answers bring the deadline back, so that a hung engine is found out as soon as the engine's own pace allows.
 */
const mostMs = 120_000;

/** The call that every engine answers at once: its pace holds for all calls. */
export const pingCall = callName('ping');

export class EnginePace {
  readonly #learnedMs = new Map<string, number>();

  /** The deadline of the next `call`, which is `leastMs` unless the engine was slower; two minutes at most. */
  deadlineMs(call: string, leastMs: number): number {
    return Math.max(leastMs, Math.min(mostMs, Math.max(this.#learned(call), this.#learned(pingCall))));
  }

  answered(call: string, tookMs: number): void {
    this.#learnedMs.set(call, Math.max(this.#learned(call) / 2, 3 * tookMs));
  }

  /** Of calls that run at the same time, each counts from its own deadline: they don't add up. */
  timedOut(call: string, deadlineMs: number): void {
    this.#learnedMs.set(call, Math.max(this.#learned(call), 2 * deadlineMs));
  }

  #learned(call: string): number {
    return this.#learnedMs.get(call) ?? 0;
  }
}
