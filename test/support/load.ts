import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { whoAnswers } from './engine/replica.ts';
import { testedEngine } from './engine/tested-engine.ts';
import type { Sealane } from './sealane/sealane.ts';

/**
 * Opens new connections, a few at a time and at most a hundred a second, until stopped, and counts the answers of each
 * replica and the failures.
 */
export interface Load extends AsyncDisposable {
  /** Resolves when this replica has answered a connection. */
  answeredBy(name: string): Promise<void>;
  stop(): Promise<Tally>;
}

interface Tally {
  readonly made: number;
  /** The number of connections that no replica answered. */
  readonly failed: number;
  /** The count of each error. */
  readonly errors: ReadonlyMap<string, number>;
  /** The names of the replicas that answered, sorted. */
  replicas(): readonly string[];
}

export function startLoad(port: number, { atOnce = 4, host = testedEngine().address } = {}): Load {
  const answers = new Map<string, number>();
  const ending = new AbortController();
  const heard = new EventEmitter();
  const lane = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const answer = await whoAnswers(port, host);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      heard.emit(answer);
      await pause(10 * atOnce);
    }
  };
  const lanes = Array.from({ length: atOnce }, lane);
  const stop = async (): Promise<Tally> => {
    ending.abort();
    await Promise.all(lanes);
    const errors = new Map([...answers].filter(([answer]) => isError(answer)));
    return {
      made: sum(answers.values()),
      failed: sum(errors.values()),
      errors,
      replicas: () => [...answers.keys()].filter((answer) => !isError(answer)).toSorted(),
    };
  };
  const answeredBy = async (name: string): Promise<void> => {
    if (!answers.has(name)) await once(heard, name);
  };
  return { answeredBy, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

const sessionSchema = z.object({ session: z.object({ upstream: z.string().optional(), bytesDown: z.number() }) });

/**
 * The number of sessions that ended with the process of one of these containers: accepted, but not or not fully
 * answered. All answers of a container have the same size. Sealane is stopped first, since the last log lines of a busy
 * one are still on their way.
 */
export async function lostWith(sealane: Sealane, names: readonly string[]): Promise<number> {
  await sealane.stop();
  const sessions = sealane.lines.flatMap((line) => sessionSchema.safeParse(line).data?.session ?? []);
  return names.reduce((lost, name) => {
    const answers = sessions.filter(({ upstream }) => upstream === name).map(({ bytesDown }) => bytesDown);
    const whole = Math.max(0, ...answers);
    return lost + answers.filter((bytes) => bytes === 0 || bytes < whole).length;
  }, 0);
}

function isError(answer: string): boolean {
  return answer === 'nothing' || /^E[A-Z]+$/.test(answer);
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
