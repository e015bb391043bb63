import { readFileSync } from 'node:fs';
import type { DriverName } from '../boundary/messages.ts';

/**
 * How the limit of open files (RLIMIT_NOFILE, getrlimit(2)) is shared out. Node itself raises the soft limit to the hard
 * one when it starts.
 */
export interface FileBudget {
  /** The most open sockets over all threads: listeners, clients and upstreams. */
  readonly sockets: number;
  /** The most open pipes in each thread that moves bulk data through pipes. */
  readonly pipes: number;
  /** The most connections at each of the admin API's two ways in. */
  readonly adminConnections: number;
}

/** The files kept for the process itself, logs, the engine's sockets and those of probes. */
const reserved = 72;
/** The files kept for each thread, which has 7 (measured). */
const reservedForThread = 8;
/** The admin API's two ways in get a sixteenth of all files, within these bounds for each. */
const filesForAdminConnection = 32;
const fewestAdminConnections = 16;
const mostAdminConnections = 256;
const waysIn = 2;
const mostPipes = 512;
/** One pipe for so many files; a pipe has two descriptors, so pipes get an eighth of all. */
const filesForAPipe = 16;
/** The sockets of one session: a listener, a client and its upstream. */
const fewestSockets = 3;

/** Pure, except that it reads the limit by default. */
export function fileBudget(driver: DriverName, workers: number, files = openFilesLimit()): FileBudget {
  const adminConnections = Math.min(
    mostAdminConnections,
    Math.max(fewestAdminConnections, Math.floor(files / filesForAdminConnection)),
  );
  // The splice driver may have one thread more, which speaks TLS for the others.
  const left = files - reserved - reservedForThread * (workers + 1) - waysIn * adminConnections;
  const pipes = driver === 'splice' ? Math.max(1, Math.min(mostPipes, Math.floor(left / workers / filesForAPipe))) : 0;
  return { sockets: Math.max(fewestSockets, left - 2 * pipes * workers), pipes, adminConnections };
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
