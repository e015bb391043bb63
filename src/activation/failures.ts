import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';

/**
 * Remembers why containers could not be started, and when each may be tried again: ever later, until it has run for a
 * while.
 */
interface StartFailure {
  readonly reason: string;
  readonly count: number;
  readonly untilMs: number;
}

const backoff: BackoffOptions = { firstMs: 2_000, maxMs: 120_000 };

export class StartFailures {
  readonly #failures = new Map<string, StartFailure>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(id: string, reason: string, nowMs: number): void {
    const count = this.#failures.get(id)?.count ?? 0;
    this.#failures.set(id, { reason, count: count + 1, untilMs: nowMs + backoffDelayMs(count, backoff, this.#random) });
  }

  /** Why the container must not be started yet. */
  of(id: string, nowMs: number): string | undefined {
    const failure = this.#failures.get(id);
    return failure && failure.untilMs > nowMs ? failure.reason : undefined;
  }

  /** It may be tried at once, as an operator asks; the next failure still counts as one more. */
  excuse(id: string): void {
    const failure = this.#failures.get(id);
    if (failure) this.#failures.set(id, { ...failure, untilMs: 0 });
  }

  forget(id: string): void {
    this.#failures.delete(id);
  }

  /** The next moment at which a container may be tried again. */
  nextMs(nowMs: number): number | undefined {
    const due = [...this.#failures.values()].map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > nowMs);
    return due.length === 0 ? undefined : Math.min(...due);
  }
}
