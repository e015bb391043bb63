import type { Driver } from './driver.ts';
import type { DriverName } from '../boundary/messages.ts';
import type { OpenSockets } from '../boundary/open-sockets.ts';
import { createSpliceDriver } from './splice/driver.ts';
import { runWorkerLoop } from './splice/worker-loop.ts';
import { createStreamDriver } from './stream/driver.ts';

/**
 * A relay thread's driver, and what that thread must do for it.
 */
interface OpenDriver {
  readonly driver: Driver;
  /** To be written to after each message that is posted to this thread; whoever gets it closes it after the thread's end. */
  readonly wakeFd: number | undefined;
  /** Lets it work from the next turn of Node's loop on. */
  start(): void;
  /** Lets the thread end. */
  stop(): void;
}

/** `maxPipes`: at once, if it uses any. */
export function openDriver(name: DriverName, sockets: OpenSockets, maxPipes: number): OpenDriver {
  switch (name) {
    case 'stream': {
      const driver = createStreamDriver({ sockets });
      return { driver, wakeFd: undefined, start() {}, stop() {} };
    }
    case 'splice': {
      const driver = createSpliceDriver({ sockets, maxPipes });
      // Node knows nothing of these descriptors: when the thread dies of an error, nothing else closes them.
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
