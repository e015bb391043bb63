import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * The file that a unix socket leaves behind when whoever listened on it died: nobody can bind its path until it is gone.
 */
export function removeSocketFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody was faster.
  }
}

/** Removes it if nobody listens on it; tells whether it is worth binding again. */
export function removeIfStale(path: string, then: (removed: boolean) => void): void {
  // A file of another kind is somebody's: a connect to it is refused just the same.
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
