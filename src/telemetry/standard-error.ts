import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { systemClock } from '../time/clock.ts';
import { LogWriter } from './log-writer.ts';

/**
 * Standard error as the destination of the log. What it still takes when the process ends is written then, without
 * waiting: a log that can't be written never keeps Sealane from ending.
 */
export function standardError(): LogWriter {
  const fd = ownDescriptor();
  const writer = new LogWriter(
    { write: (bytes, done) => write(fd, bytes, done), writeSync: (bytes) => writeSync(fd, bytes) },
    systemClock,
  );
  process.once('exit', () => writer.writeLast());
  return writer;
}

/**
 * Opens a pipe or terminal a second time, so that it can be non-blocking: O_NONBLOCK on descriptor 2 itself would
 * change it for all processes that share it, such as the shell. Where it can't be opened (a socket, another user's
 * pipe), Node makes descriptor 2 non-blocking when `process.stderr` is first used. A file is used as it is: it accepts
 * writes at once, and a second descriptor would have an offset of its own.
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
