import { createInterface } from 'node:readline';
import { acquirePodman } from '../../../dev/engine/acquire-podman.ts';
import { acquireEngine } from '../../../dev/engine/acquire.ts';

/**
 * A process that acquires a private engine of the kind that its argument names, prints its address and traces, and ends
 * as a command on standard input says. SIGINT and SIGKILL end it like any process.
 */
const onProgress = (): void => {};
const engine =
  process.argv[2] === 'podman'
    ? await acquirePodman({ onProgress })
    : await acquireEngine({ allowPrivate: true, onProgress });
process.stdout.write(`${JSON.stringify({ host: engine.host, traces: engine.traces })}\n`);

for await (const command of createInterface(process.stdin)) {
  if (command === 'release') await engine.release();
  if (command === 'exit') process.exit(0);
  if (command === 'throw') throw new Error('as commanded');
}
