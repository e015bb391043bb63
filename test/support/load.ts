import { EventEmitter, once } from 'node:events';
import { z } from 'zod';
import { whoAnswers } from './engine/replica.ts';
import type { Sealane } from './sealane/sealane.ts';

/**
 * New connections, a few at a time, until stopped; counts who answered and what failed.
 */
export interface Load extends AsyncDisposable {
  /** Settles as soon as this replica has answered a connection. */
  answeredBy(name: string): Promise<void>;
  stop(): Promise<Tally>;
}

interface Tally {
  readonly made: number;
  /** Connections that no replica answered. */
  readonly failed: number;
  /** Of the errors, how often each. */
  readonly errors: ReadonlyMap<string, number>;
  /** Who answered, sorted. */
  replicas(): readonly string[];
}

export function startLoad(port: number, { atOnce = 4, host = '127.0.0.1' } = {}): Load {
  const answers = new Map<string, number>();
  const ending = new AbortController();
  const heard = new EventEmitter();
  const lane = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const answer = await whoAnswers(port, host);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      heard.emit(answer);
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
 * Sessions that one of these containers had accepted and never answered, or not to the end: lost with its process. Its
 * answers are all alike. Sealane is stopped for it: of a busy one the last lines are still on their way.
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
