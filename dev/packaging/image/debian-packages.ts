import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';

/** A package of Debian: its entry in dpkg's list, and its license. */
export interface DebianPackage {
  readonly name: string;
  readonly status: string;
  readonly copyright: string;
}

/** The packages that the files are of. There are none where dpkg is not at home; `root` is where it is looked for. */
export function debianPackages(files: readonly string[], root = ''): readonly DebianPackage[] {
  if (!existsSync(`${root}/var/lib/dpkg/status`)) return [];
  const entries = readFileSync(`${root}/var/lib/dpkg/status`, 'utf8').split('\n\n');
  // A list may name a file by its place before /lib and /bin became links into /usr.
  const wanted = new Set(files.flatMap((path) => [path, resolved(path), resolved(path).replace(/^\/usr/, '')]));
  return globSync(`${root}/var/lib/dpkg/info/*.list`).flatMap((list) => {
    if (
      !readFileSync(list, 'utf8')
        .split('\n')
        .some((path) => wanted.has(path))
    )
      return [];
    const name = basename(list, '.list').replace(/:.*/, '');
    const status = entries.find((entry) => entry.startsWith(`Package: ${name}\n`));
    const copyright = `${root}/usr/share/doc/${name}/copyright`;
    if (status === undefined || !existsSync(copyright)) return [];
    return [{ name, status: `${status}\n`, copyright: readFileSync(copyright, 'utf8') }];
  });
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
