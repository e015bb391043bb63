// The global of that name is a getter, and costs more than the clock.
import { performance } from 'node:perf_hooks';
import type { SpliceDriver } from './driver.ts';

/**
 * Lets a driver's loop and Node's share one thread: the driver's sleeps in the kernel, and Node's gets a turn whenever
 * somebody wrote to `wakeFd` (a message was posted) and a few times a second besides.
 */
const nodeTurnMs = 250;

/** Goes on until the function that it returns is called. */
export function runWorkerLoop(driver: SpliceDriver): () => void {
  const run = (): void => {
    const untilMs = performance.now() + nodeTurnMs;
    // Whoever stops it does so in Node's turn, or ends the last session in ours; either comes past here within moments.
    while (!driver.turn(nodeTurnMs) && performance.now() < untilMs);
    next = setImmediate(run);
  };
  let next = setImmediate(run);
  return () => clearImmediate(next);
}
