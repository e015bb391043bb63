import { createInterface } from 'node:readline';
import { acquirePodman } from '../../../dev/engine/acquire-podman.ts';
import { acquireSwarm } from '../../../dev/engine/acquire-swarm.ts';
import { acquireEngine } from '../../../dev/engine/acquire.ts';

/**
 * A process that acquires a private engine of the kind that its argument names, prints its address and traces, and ends
 * as a command on standard input says. SIGINT and SIGKILL end it like any process.
 */
const onProgress = (): void => {};
const engine = await acquire(process.argv[2]);
process.stdout.write(`${JSON.stringify({ host: engine.host, traces: engine.traces })}\n`);

for await (const command of createInterface(process.stdin)) {
  if (command === 'release') await engine.release();
  if (command === 'exit') process.exit(0);
  if (command === 'throw') throw new Error('as commanded');
}

interface Acquired {
  readonly host: string;
  readonly traces?: object;
  release(): Promise<void>;
}

async function acquire(kind: string | undefined): Promise<Acquired> {
  if (kind === 'podman') return acquirePodman({ onProgress });
  if (kind === 'swarm') return acquireSwarm({ nodes: 2, managers: 1, onProgress });
  return acquireEngine({ allowPrivate: true, onProgress });
}
