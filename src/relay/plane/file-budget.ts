import { readFileSync } from 'node:fs';
import type { DriverName } from '../boundary/messages.ts';

/**
 * What the limit of open files (RLIMIT_NOFILE, getrlimit(2)) leaves the relay. Node itself raises the soft limit to the
 * hard one when it starts.
 */
interface FileBudget {
  /** At once, over all threads: clients, upstreams, and what the splice driver listens on. */
  readonly sockets: number;
  /** At once, in each thread that moves bulk data through pipes. */
  readonly pipes: number;
}

/** For the engine's sockets, the admin API's, logs, the threads themselves. */
const reserved = 128;
const mostPipes = 512;
/** A pipe has two descriptors, so an eighth of all. */
const filesForAPipe = 16;
/** A listener, a client and its upstream. */
const fewestSockets = 3;

/** Pure, but for the limit itself. */
export function fileBudget(driver: DriverName, workers: number, files = openFilesLimit()): FileBudget {
  const left = files - reserved;
  const pipes = driver === 'splice' ? Math.max(1, Math.min(mostPipes, Math.floor(left / workers / filesForAPipe))) : 0;
  return { sockets: Math.max(fewestSockets, left - 2 * pipes * workers), pipes };
}

/** From proc(5); elsewhere nothing cheap tells, and running out is then as libuv handles it. */
function openFilesLimit(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line ? Number(line[1]) || Infinity : Infinity;
  } catch {
    return Infinity;
  }
}
