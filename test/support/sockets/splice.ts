import { closeSync, readdirSync } from 'node:fs';
import {
  createSpliceDriver,
  type SpliceDriver,
  type SpliceDriverOptions,
} from '../../../src/relay/driver/splice/driver.ts';

/**
 * The splice driver in the test's own thread, which must not sleep in the kernel: the driver is turned, without
 * waiting, once in every turn of Node's loop.
 */
export interface SpliceHere {
  readonly driver: SpliceDriver;
  readonly stop: () => void;
}

/** `pauseMs`: the pause between two turns, so that much has happened by the next. */
export function spliceHere(options?: SpliceDriverOptions, pauseMs = 0): SpliceHere {
  const driver = createSpliceDriver(options);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  let next = setImmediate(function turn() {
    driver.turn(0);
    if (pauseMs > 0) Atomics.wait(nothing, 0, 0, pauseMs);
    next = setImmediate(turn);
  });
  return {
    driver,
    stop() {
      clearImmediate(next);
      driver.dispose();
      closeSync(driver.wakeFd);
    },
  };
}

/** The number of descriptors that this process has open. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
