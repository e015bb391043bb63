import { readFileSync } from 'node:fs';

/**
 * Where listeners without an address bind: on a host only this machine may connect; in a container only what is
 * published or on its networks can, so all of its addresses are served.
 */
export function defaultBind(mountinfo: string = readMountinfo()): string {
  return isContainer(mountinfo) ? '0.0.0.0' : '127.0.0.1';
}

/**
 * Every container engine mounts its own /etc/hosts or /etc/hostname into the container (proc(5): the fifth field is the
 * mount point). The file /.dockerenv proves nothing: virtual machines made from container images have it too.
 */
function isContainer(mountinfo: string): boolean {
  return /^(?:\S+ ){4}\/etc\/(?:hosts|hostname) /m.test(mountinfo);
}

function readMountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // No procfs: macOS, Windows.
    return '';
  }
}
