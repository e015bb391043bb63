import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { executable } from './sealane.ts';

/**
 * The built Sealane and this machine's Node with its libraries, mounted into a container of busybox: no image is made of
 * them, which would be copied and hashed.
 */
export const mountedSealane: readonly [node: string, main: string] = ['/sealane/node', '/sealane/dist/main.js'];

/** Bind mounts, as `from:to:ro`. */
export function sealaneBinds(): string[] {
  const libraries = ['/lib', '/lib64', '/usr/lib'].filter((path) => existsSync(path));
  return [
    `${process.execPath}:/sealane/node:ro`,
    `${dirname(executable)}:/sealane/dist:ro`,
    ...libraries.map((path) => `${path}:${path}:ro`),
  ];
}
