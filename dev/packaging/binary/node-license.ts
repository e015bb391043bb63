import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The license of the Node that goes into the executable, with those of V8, OpenSSL and all else that is in it. The official
 * archive and image have it in `LICENSE`; the npm package `node` leaves it out, so a copy is beside this file.
 */
export function nodeLicense(executable: string): string {
  const own = join(dirname(dirname(executable)), 'LICENSE');
  const copy = join(import.meta.dirname, `node-${process.versions.node.split('.')[0]}-license.txt`);
  const found = [own, copy].find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the license of ${executable} is neither ${own} nor ${copy}`);
  return found;
}
