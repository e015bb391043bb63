import { parentPort, workerData } from 'node:worker_threads';
import { hrtimeMs, type Pace } from './pace.ts';

/**
 * A thread that sleeps until each time of a pace is due and then posts its number. Node's timers have whole
 * milliseconds, and a client that polls the clock would take a processor from the proxy that it measures.
 */
const { beginMs, intervalMs, count } = workerData as Pace;
const never = new Int32Array(new SharedArrayBuffer(4));
for (let nth = 0; nth < count; nth += 1) {
  const delayMs = beginMs + nth * intervalMs - hrtimeMs();
  if (delayMs > 0) Atomics.wait(never, 0, 0, delayMs);
  parentPort?.postMessage(nth);
}
