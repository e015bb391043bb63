import { existsSync } from 'node:fs';

/**
 * Where listeners without an address bind: on a host only this machine may connect; in a container only what is
 * published or on its networks can, so all of its addresses are served.
 */
export function defaultBind(exists: (path: string) => boolean = existsSync): string {
  // Docker makes the first, Podman the second.
  return exists('/.dockerenv') || exists('/run/.containerenv') ? '0.0.0.0' : '127.0.0.1';
}
