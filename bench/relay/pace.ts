import { parentPort, workerData } from 'node:worker_threads';

/**
 * A thread that says each time that something is due, `count` times, and sleeps until then. Timers of Node's are of whole
 * milliseconds, and a client that looks at the clock all the time takes a processor from those whom it measures.
 */
export interface Pace {
  /** process.hrtime(), which all threads share, in milliseconds. */
  readonly beginMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

export function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

if (parentPort) {
  const { beginMs, intervalMs, count } = workerData as Pace;
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let nth = 0; nth < count; nth += 1) {
    const delayMs = beginMs + nth * intervalMs - hrtimeMs();
    if (delayMs > 0) Atomics.wait(never, 0, 0, delayMs);
    parentPort.postMessage(nth);
  }
}
