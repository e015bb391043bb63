import type { Confirm, Driver } from './driver.ts';
import type { WorkerSetup } from '../boundary/messages.ts';
import type { OpenSockets } from '../boundary/open-sockets.ts';
import { createSpliceDriver } from './splice/driver.ts';
import { runWorkerLoop } from './splice/worker-loop.ts';
import { createStreamDriver } from './stream/driver.ts';

/**
 * Opens a relay thread's driver, with what the thread must do for it.
 */
interface OpenDriver {
  readonly driver: Driver;
  /**
   * An eventfd that the sender of each message to this thread writes to. The receiver of the descriptor closes it after
   * the thread's end. Undefined where the driver needs no waking.
   */
  readonly wakeFd: number | undefined;
  /** Runs the driver from the next turn of Node's loop on. */
  start(): void;
  /** Stops the driver, so that the thread can end. */
  stop(): void;
}

export function openDriver(
  setup: Pick<WorkerSetup, 'driver' | 'maxPipes' | 'bulkCode' | 'endsTls'>,
  sockets: OpenSockets,
  confirm: Confirm,
): OpenDriver {
  switch (setup.driver) {
    case 'stream': {
      const driver = createStreamDriver({ sockets, confirm });
      return { driver, wakeFd: undefined, start() {}, stop() {} };
    }
    case 'splice': {
      const driver = createSpliceDriver({ ...setup, sockets, confirm });
      // Node does not know these descriptors: when the thread dies of an error, nothing else closes them.
      process.once('exit', () => driver.dispose());
      let stop = (): void => {};
      return {
        driver,
        wakeFd: driver.wakeFd,
        start() {
          stop = runWorkerLoop(driver);
        },
        stop: () => stop(),
      };
    }
  }
}
