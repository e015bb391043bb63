import type { Clock } from '../../time/clock.ts';
import type { RelayThreads } from './relay-threads.ts';

/**
 * Drains the relay threads in order: the threads that listen stop accepting and run their sessions out, then the thread
 * that speaks TLS for them.
 */
interface DrainState {
  /** Threads that still have sessions. */
  readonly left: Set<number>;
  readonly untilMs: number;
  readonly done: () => void;
}

/** How long after the deadline the plane waits for the workers' last messages. */
const patienceMs = 1_000;

export class Drain {
  readonly #threads: RelayThreads;
  readonly #clock: Clock;
  #state: DrainState | undefined;

  constructor(threads: RelayThreads, clock: Clock) {
    this.#threads = threads;
    this.#clock = clock;
  }

  /** Resolves as soon as no session is left, or a moment after the deadline. */
  start(deadlineMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const left = new Set(this.#threads.listening.keys());
    this.#state = { left, untilMs: this.#clock.nowMs() + deadlineMs, done: resolve };
    for (const thread of this.#threads.listening) thread.post({ kind: 'drain', deadlineMs });
    // A worker that died and can't be restarted never answers, but has nothing to drain.
    this.#clock.after(deadlineMs + patienceMs, resolve);
    return promise;
  }

  /** A thread that starts during a drain is drained, too, before it gets its table, so that it binds nothing. */
  onReady(worker: number): void {
    if (this.#state && (this.#threads.listens(worker) || this.#state.left.has(worker)))
      this.#post(worker, this.#state.untilMs);
  }

  onDrained(worker: number): void {
    if (!this.#state?.left.delete(worker) || this.#state.left.size > 0) return;
    // The TLS thread is drained last: the other threads may hand it clients until they have no sessions left.
    const { tlsWorker } = this.#threads;
    if (tlsWorker === undefined || worker === tlsWorker) return this.#state.done();
    this.#state.left.add(tlsWorker);
    this.#post(tlsWorker, this.#state.untilMs);
  }

  #post(worker: number, untilMs: number): void {
    this.#threads.all[worker]?.post({ kind: 'drain', deadlineMs: Math.max(0, untilMs - this.#clock.nowMs()) });
  }
}
