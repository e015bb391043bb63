// The global `performance` is a getter, and costs more than the clock itself.
import { performance } from 'node:perf_hooks';
import type { SpliceDriver } from './driver.ts';

/**
 * Lets the driver's loop and Node's share one thread: the driver's loop sleeps in the kernel, and Node's gets a turn
 * whenever a thread has written to `wakeFd` (a message was posted), and a few times a second besides.
 */
const nodeTurnMs = 250;

/** Runs the driver until the returned function is called. */
export function runWorkerLoop(driver: SpliceDriver): () => void {
  const run = (): void => {
    const untilMs = performance.now() + nodeTurnMs;
    // The stop comes in Node's turn, or with the end of the last session in the driver's; either way this line is
    // reached within moments.
    while (!driver.turn(nodeTurnMs) && performance.now() < untilMs);
    next = setImmediate(run);
  };
  let next = setImmediate(run);
  return () => clearImmediate(next);
}
