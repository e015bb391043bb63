import { constants, fstatSync, openSync } from 'node:fs';
import { pino, type DestinationStream } from 'pino';

/**
 * Standard error as a log's destination. Whoever reads it may be slow or stuck (a log driver, a pager, a busy machine),
 * and the thread that writes the log also decides what is served: so it never waits for the reader. Lines are kept, up
 * to a bound; past that they are dropped and counted. Last words before an exit get a moment to be taken.
 */
export interface LogDestination extends DestinationStream {
  /** How many lines were dropped since the last time, told once the reader has caught up. */
  onCaughtUp(tell: (dropped: number) => void): void;
}

/** Some ten thousand lines. */
const mostBytes = 4 * 1024 * 1024;
/** Tries at the end, 100 ms apart (sonic-boom's BUSY_WRITE_TIMEOUT). */
const lastTries = 10;

export function standardError(): LogDestination {
  let leaving = 0;
  // Before pino's own handler, which then writes what is left.
  process.once('exit', () => (leaving = 1));
  const destination = pino.destination({
    dest: ownDescriptor(),
    sync: false,
    maxLength: mostBytes,
    retryEAGAIN: () => leaving === 0 || leaving++ <= lastTries,
  });
  let dropped = 0;
  destination.on('drop', () => (dropped += 1));
  // A reader that is gone for good: nobody is left to tell.
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
 * Pipes and terminals are opened anew, so that they can be non-blocking: setting that on descriptor 2 itself would change
 * it for everybody who shares it, such as the shell. Where that can't be, a thread of libuv's waits in our stead. Files
 * take all at once, and a second descriptor would have an offset of its own.
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
