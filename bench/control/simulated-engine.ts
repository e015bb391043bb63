import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Order, Report } from './engine.ts';

/**
 * Starts the simulated Docker engine of engine.ts and controls it over IPC.
 */
export interface SimulatedEngine extends AsyncDisposable {
  readonly url: string;
  restart(index: number): void;
  calls(): Promise<Extract<Report, { kind: 'calls' }>>;
}

export interface EngineSize {
  readonly containers: number;
  /** The number of the first container, 0 unless given: no two engines have one in common. */
  readonly first?: number;
  /** The number of containers of each service. */
  readonly replicas: number;
  /** The port of the first service; the next services have the following ports. */
  readonly firstPort: number;
}

const reportSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('up'), url: z.string() }),
  z.object({ kind: z.literal('calls'), lists: z.number(), inspects: z.number() }),
]);

export async function startEngine({
  containers,
  first = 0,
  replicas,
  firstPort,
}: EngineSize): Promise<SimulatedEngine> {
  const child = fork(new URL('engine.ts', import.meta.url), [containers, first, firstPort, replicas].map(String));
  const up = await answer(child);
  if (up.kind !== 'up') throw new Error('the engine did not report its address');
  const order = (what: Order): void => void child.send(what);
  return {
    url: up.url,
    restart: (index) => order({ kind: 'restart', index }),
    async calls() {
      const answered = answer(child);
      order({ kind: 'calls' });
      const report = await answered;
      if (report.kind !== 'calls') throw new Error('the engine did not count its calls');
      return report;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

async function answer(child: ChildProcess): Promise<Report> {
  const [message] = await once(child, 'message');
  return reportSchema.parse(message);
}
