import type { Clock, Timer } from '../../time/clock.ts';
import { mergeLooks } from '../boundary/live-sessions.ts';
import type { LiveSessions, SessionFilter } from '../boundary/report.ts';

/**
 * Questions to the worker threads and their answers. A thread that does not answer in time is left out; nobody waits for
 * longer than that.
 */
export interface Look extends LiveSessions {
  /** False when a thread did not answer in time. */
  readonly complete: boolean;
}

interface Question {
  readonly left: Set<number>;
  readonly looks: LiveSessions[];
  readonly timer: Timer;
  readonly finish: () => void;
}

/** A thread answers between two turns of its event loop. */
const patienceMs = 1_000;

export class Looks {
  readonly #clock: Clock;
  readonly #questions = new Map<number, Question>();
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `ask` posts the question to a worker; false when it cannot be asked now. */
  ask(workers: readonly number[], filter: SessionFilter, ask: (worker: number, id: number) => boolean): Promise<Look> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Look>();
    const left = new Set<number>();
    const looks: LiveSessions[] = [];
    const finish = (): void => {
      this.#questions.get(id)?.timer.cancel();
      this.#questions.delete(id);
      resolve({ ...mergeLooks(looks, filter.limit), complete: looks.length === workers.length });
    };
    for (const worker of workers) if (ask(worker, id)) left.add(worker);
    this.#questions.set(id, { left, looks, timer: this.#clock.after(patienceMs, finish), finish });
    if (left.size === 0) finish();
    return promise;
  }

  answered(id: number, worker: number, look: LiveSessions): void {
    const question = this.#questions.get(id);
    if (!question?.left.delete(worker)) return;
    question.looks.push(look);
    if (question.left.size === 0) question.finish();
  }

  /** The worker died: it will not answer any more. */
  lost(worker: number): void {
    for (const question of this.#questions.values()) {
      if (question.left.delete(worker) && question.left.size === 0) question.finish();
    }
  }
}
