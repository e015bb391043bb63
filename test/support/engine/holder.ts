import { createInterface } from 'node:readline';
import { acquireEngine } from '../../../dev/engine/acquire.ts';

/**
 * A process that holds a private engine until it is told on standard input how to end. Says on standard output what it
 * got. SIGINT and SIGKILL do to it what they do to any process.
 */
const engine = await acquireEngine({ allowPrivate: true, onProgress: () => {} });
process.stdout.write(`${JSON.stringify({ host: engine.host, traces: engine.traces })}\n`);

for await (const command of createInterface(process.stdin)) {
  if (command === 'release') await engine.release();
  if (command === 'exit') process.exit(0);
  if (command === 'throw') throw new Error('as asked');
}
