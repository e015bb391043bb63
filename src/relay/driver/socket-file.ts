import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Removes the file of a Unix socket. The file stays behind when the listening process dies, and its path can't be bound
 * until it is gone.
 */
export function removeSocketFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process has removed it already.
  }
}

/** Removes the file if no process listens on it; `removed` says whether binding again is worthwhile. */
export function removeIfStale(path: string, then: (removed: boolean) => void): void {
  // A connect to a file of another kind is refused just the same, but such a file has an owner.
  if (!isSocket(path)) return then(false);
  const probe = connect({ path });
  probe.once('connect', () => {
    probe.destroy();
    then(false);
  });
  probe.once('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ECONNREFUSED') removeSocketFile(path);
    then(code === 'ECONNREFUSED');
  });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
