import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Calls, Order, Report } from './manager.ts';

/**
 * Starts the simulated manager of manager.ts and controls it over IPC.
 */
export interface SimulatedManager extends AsyncDisposable {
  readonly url: string;
  /** Resolves to the time of the manager's word, in milliseconds since the Unix epoch. */
  scale(service: number, by: 1 | -1): Promise<number>;
  calls(): Promise<Calls>;
}

export interface SwarmSize {
  readonly services: number;
  /** The tasks of each service. */
  readonly replicas: number;
  readonly nodes: number;
  /** How many of the services have labels of Sealane. */
  readonly labelled: number;
  /** The port of the first service; the next services have the following ports. */
  readonly firstPort: number;
}

const callsShape = {
  services: z.number(),
  tasks: z.number(),
  nodes: z.number(),
  containers: z.number(),
  bytes: z.number(),
};

const reportSchema: z.ZodType<Report> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('up'), url: z.string() }),
  z.object({ kind: z.literal('scaled'), atMs: z.number() }),
  z.object({ kind: z.literal('calls'), ...callsShape }),
]);

export async function startManager(size: SwarmSize): Promise<SimulatedManager> {
  const { services, replicas, nodes, labelled, firstPort } = size;
  const sizes = [services, replicas, nodes, labelled, firstPort].map(String);
  const child = fork(new URL('manager.ts', import.meta.url), sizes);
  const up = await answer(child, 'up');
  const ask = async <K extends Report['kind']>(order: Order, kind: K): Promise<Extract<Report, { kind: K }>> => {
    const answered = answer(child, kind);
    child.send(order);
    return answered;
  };
  return {
    url: up.url,
    scale: async (service, by) => (await ask({ kind: 'scale', service, by }, 'scaled')).atMs,
    calls: () => ask({ kind: 'calls' }, 'calls'),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

async function answer<K extends Report['kind']>(child: ChildProcess, kind: K): Promise<Extract<Report, { kind: K }>> {
  const [message] = await once(child, 'message');
  const report = reportSchema.parse(message);
  if (report.kind !== kind) throw new Error(`the manager answered ${report.kind}, not ${kind}`);
  return report as Extract<Report, { kind: K }>;
}
