import { constants, fstatSync, openSync } from 'node:fs';
import { pino, type DestinationStream } from 'pino';

/**
 * Standard error as the destination of the log. Its reader may be slow or stuck (a log driver, a pager, a busy
 * machine), and the thread that writes the log also decides what is served, so it never waits for the reader. Lines are
 * buffered up to a bound, then dropped and counted. At exit the last lines are retried for a moment.
 */
export interface LogDestination extends DestinationStream {
  /** Calls `tell` with the number of lines dropped since the last call, once the reader has caught up. */
  onCaughtUp(tell: (dropped: number) => void): void;
}

/** The buffer holds about ten thousand lines. */
const mostBytes = 4 * 1024 * 1024;
/** The number of write attempts at exit, 100 ms apart (sonic-boom's BUSY_WRITE_TIMEOUT). */
const lastTries = 10;

export function standardError(): LogDestination {
  let leaving = 0;
  // This handler is registered before pino's own, which writes the buffered lines.
  process.once('exit', () => (leaving = 1));
  const destination = pino.destination({
    dest: ownDescriptor(),
    sync: false,
    maxLength: mostBytes,
    retryEAGAIN: () => leaving === 0 || leaving++ <= lastTries,
  });
  let dropped = 0;
  destination.on('drop', () => (dropped += 1));
  // The reader is gone for good, so that the error can't be reported anywhere.
  destination.on('error', () => {});
  return {
    write: (line) => void destination.write(line),
    onCaughtUp(tell) {
      destination.on('drain', () => {
        if (dropped === 0) return;
        const count = dropped;
        dropped = 0;
        tell(count);
      });
    },
  };
}

/**
 * Opens a pipe or terminal a second time, so that it can be non-blocking: O_NONBLOCK on descriptor 2 itself would
 * change it for all processes that share it, such as the shell. Where it can't be opened, a thread of libuv blocks
 * instead. A file is used as it is: it accepts writes at once, and a second descriptor would have an offset of its own.
 */
function ownDescriptor(): number {
  try {
    const kind = fstatSync(2);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return 2;
    return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 2;
  }
}
