import { readFileSync } from 'node:fs';

/**
 * The address that listeners without one bind to. On a host it is loopback, so that only this machine can connect. In a
 * container it is the wildcard, since only its networks and its published ports can be reached anyway.
 */
export function defaultBind(mountinfo: string = readMountinfo()): string {
  return isInContainer(mountinfo) ? '0.0.0.0' : '127.0.0.1';
}

/**
 * Whether this process runs in a container: every container engine mounts its own /etc/hosts or /etc/hostname (proc(5):
 * the fifth field is the mount point). The file /.dockerenv proves nothing, since virtual machines made from container
 * images have it too.
 */
export function isInContainer(mountinfo: string = readMountinfo()): boolean {
  return /^(?:\S+ ){4}\/etc\/(?:hosts|hostname) /m.test(mountinfo);
}

function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // macOS and Windows have no procfs.
    return '';
  }
}
