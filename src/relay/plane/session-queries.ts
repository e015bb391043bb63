import type { Clock, Timer } from '../../time/clock.ts';
import { mergeLiveSessions } from '../boundary/live-sessions.ts';
import type { LiveSessions, SessionFilter } from '../boundary/report.ts';

/**
 * Asks all relay threads for their live sessions and merges their answers. A thread that does not answer in time is
 * left out.
 */
export interface SessionList extends LiveSessions {
  /** False when a thread did not answer in time. */
  readonly complete: boolean;
}

interface SessionQuery {
  readonly left: Set<number>;
  readonly answers: LiveSessions[];
  readonly timer: Timer;
  readonly finish: () => void;
}

/** A thread answers between two turns of its event loop, so far sooner. */
const patienceMs = 1_000;

export class SessionQueries {
  readonly #clock: Clock;
  readonly #queries = new Map<number, SessionQuery>();
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `ask` posts the query to a worker; false when the worker can't be asked now. */
  start(
    workers: readonly number[],
    filter: SessionFilter,
    ask: (worker: number, id: number) => boolean,
  ): Promise<SessionList> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<SessionList>();
    const left = new Set<number>();
    const answers: LiveSessions[] = [];
    const finish = (): void => {
      this.#queries.get(id)?.timer.cancel();
      this.#queries.delete(id);
      resolve({ ...mergeLiveSessions(answers, filter.limit), complete: answers.length === workers.length });
    };
    for (const worker of workers) if (ask(worker, id)) left.add(worker);
    this.#queries.set(id, { left, answers, timer: this.#clock.after(patienceMs, finish), finish });
    if (left.size === 0) finish();
    return promise;
  }

  onAnswer(id: number, worker: number, answer: LiveSessions): void {
    const query = this.#queries.get(id);
    if (!query?.left.delete(worker)) return;
    query.answers.push(answer);
    if (query.left.size === 0) query.finish();
  }

  /** The worker died and will not answer. */
  onWorkerLost(worker: number): void {
    for (const query of this.#queries.values()) {
      if (query.left.delete(worker) && query.left.size === 0) query.finish();
    }
  }
}
