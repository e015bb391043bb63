import { closeSync, readdirSync } from 'node:fs';
import {
  createSpliceDriver,
  type SpliceDriver,
  type SpliceDriverOptions,
} from '../../../src/relay/driver/splice/driver.ts';

/**
 * The splice driver in the test's own thread, which must not sleep in the kernel: the driver is turned, without
 * waiting, in turns of Node's loop. A few turns follow each other at once, so that an exchange is quick; then Node's
 * loop waits for a millisecond, so that a test that waits leaves the processor to others.
 */
export interface SpliceHere {
  readonly driver: SpliceDriver;
  readonly stop: () => void;
}

const turnsAtOnce = 8;

/** `pauseMs`: the pause between two turns, so that much has happened by the next. */
export function spliceHere(options?: SpliceDriverOptions, pauseMs = 0): SpliceHere {
  const driver = createSpliceDriver(options);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  let turns = 0;
  let immediate = setImmediate(turn);
  let timer: NodeJS.Timeout | undefined;
  function turn(): void {
    driver.turn(0);
    if (pauseMs > 0) Atomics.wait(nothing, 0, 0, pauseMs);
    turns += 1;
    if (turns % turnsAtOnce === 0) timer = setTimeout(turn, 1);
    else immediate = setImmediate(turn);
  }
  return {
    driver,
    stop() {
      clearImmediate(immediate);
      clearTimeout(timer);
      driver.dispose();
      closeSync(driver.wakeFd);
    },
  };
}

/** The number of descriptors that this process has open. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
