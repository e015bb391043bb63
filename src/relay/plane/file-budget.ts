import { readFileSync } from 'node:fs';
import type { DriverName } from '../boundary/messages.ts';

/**
 * The relay's part of the limit of open files (RLIMIT_NOFILE, getrlimit(2)). Node itself raises the soft limit to the
 * hard one when it starts.
 */
interface FileBudget {
  /** The most open sockets over all threads: clients, upstreams, and the splice driver's listeners. */
  readonly sockets: number;
  /** The most open pipes in each thread that moves bulk data through pipes. */
  readonly pipes: number;
}

/** The files kept for the engine's and the admin API's sockets, logs, and the threads themselves. */
const reserved = 128;
const mostPipes = 512;
/** One pipe for so many files; a pipe has two descriptors, so pipes get an eighth of all. */
const filesForAPipe = 16;
/** The sockets of one session: a listener, a client and its upstream. */
const fewestSockets = 3;

/** Pure, except that it reads the limit by default. */
export function fileBudget(driver: DriverName, workers: number, files = openFilesLimit()): FileBudget {
  const left = files - reserved;
  const pipes = driver === 'splice' ? Math.max(1, Math.min(mostPipes, Math.floor(left / workers / filesForAPipe))) : 0;
  return { sockets: Math.max(fewestSockets, left - 2 * pipes * workers), pipes };
}

/**
 * Read from proc(5). Elsewhere no cheap source exists, so there is no budget and libuv handles running out of files.
 */
function openFilesLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line ? Number(line[1]) || Infinity : Infinity;
  } catch {
    return Infinity;
  }
}
