import { parentPort, workerData } from 'node:worker_threads';
import { hrtimeMs, type Pace } from './pace.ts';

/**
 * The thread that sleeps until each time of a pace, and says its number then. Timers of Node's are of whole milliseconds, and
 * a client that looks at the clock all the time takes a processor from those whom it measures.
 */
const { beginMs, intervalMs, count } = workerData as Pace;
const never = new Int32Array(new SharedArrayBuffer(4));
for (let nth = 0; nth < count; nth += 1) {
  const delayMs = beginMs + nth * intervalMs - hrtimeMs();
  if (delayMs > 0) Atomics.wait(never, 0, 0, delayMs);
  parentPort?.postMessage(nth);
}
