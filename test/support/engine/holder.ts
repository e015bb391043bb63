import { createInterface } from 'node:readline';
import { acquireEngine } from '../../../dev/engine/acquire.ts';

/**
 * A process that acquires a private engine, prints its address and traces, and ends as a command on standard input
 * says. SIGINT and SIGKILL end it like any process.
 */
const engine = await acquireEngine({ allowPrivate: true, onProgress: () => {} });
process.stdout.write(`${JSON.stringify({ host: engine.host, traces: engine.traces })}\n`);

for await (const command of createInterface(process.stdin)) {
  if (command === 'release') await engine.release();
  if (command === 'exit') process.exit(0);
  if (command === 'throw') throw new Error('as commanded');
}
