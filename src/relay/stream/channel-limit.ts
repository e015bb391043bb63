import { readFileSync } from 'node:fs';

/**
 * How many sessions the limit of open files allows one worker: two descriptors each, a reserve for listeners, the
 * engine's sockets, logs. Node raises the soft limit to the hard one when it starts.
 */
const reserved = 128;
const descriptorsPerSession = 2;

export function channelLimit(workers: number): number {
  return Math.max(1, Math.floor((openFilesLimit() - reserved) / descriptorsPerSession / workers));
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
