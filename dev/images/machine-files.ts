import { access, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../machine/command.ts';
import type { Entry } from './root-filesystem.ts';

/**
 * Lists the files of this machine that a program needs in an image: the program, the libraries that the loader loads
 * for it, and the libraries that the C library opens by name later.
 */

/** The program `source` as `path` in the image, with its libraries at the paths where the loader looks for them. */
export async function programEntries(source: string, path = source): Promise<Entry[]> {
  const libraries = await librariesOf(source);
  return [{ kind: 'copy', path, source: await realpath(source) }, ...(await copies(libraries))];
}

/**
 * Parts of the C library that it opens by name, for name resolution, or that native npm packages are linked with. Newer
 * C libraries hold most of them in one file and keep these as stubs.
 */
const cLibraryParts = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2', 'librt.so.1', 'libutil.so.1'];

export async function cLibraryEntries(program: string): Promise<Entry[]> {
  const libc = (await librariesOf(program)).find((path) => path.includes('/libc.so'));
  if (libc === undefined) return [];
  return copies(await existing(cLibraryParts.map((name) => join(dirname(libc), name))));
}

/** The files and links beneath a folder, as `path` in the image. `keep` filters the names at the top level. */
export async function treeEntries(
  source: string,
  path: string,
  keep: (name: string) => boolean = () => true,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const item of await readdir(source, { withFileTypes: true })) {
    if (!keep(item.name)) continue;
    const from = join(source, item.name);
    const to = join(path, item.name);
    if (item.isDirectory()) entries.push(...(await treeEntries(from, to)));
    else entries.push({ kind: 'copy', path: to, source: await realpath(from) });
  }
  return entries;
}

export async function existing(paths: readonly (string | undefined)[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (path === undefined || path === '') continue;
    await access(path).then(
      () => found.push(path),
      () => {},
    );
  }
  return found;
}

/**
 * The libraries that `ldd` prints: `name => path (address)`, or `path (address)` for the loader. It fails for a static
 * program.
 */
async function librariesOf(program: string): Promise<string[]> {
  const output = await run('ldd', [program]).catch(() => '');
  return [...output.matchAll(/(?:^\s+|=> )(\/\S+) \(0x/gm)].map((match) => match[1] ?? '');
}

async function copies(paths: readonly string[]): Promise<Entry[]> {
  return Promise.all(paths.map(async (path) => ({ kind: 'copy' as const, path, source: await realpath(path) })));
}
