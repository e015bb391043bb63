import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The files that the build puts beside the code: the dashboard, the licenses, and the code of the relay threads. They
 * are in `dist/`, or within the executable where Sealane is a single one (https://nodejs.org/api/single-executable-applications.html).
 */
export interface BuiltFiles {
  /** The paths of all files, relative to `dist/`, with `/`. */
  paths(): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
}

export function builtFiles(): BuiltFiles {
  return embeddedFiles() ?? filesBeneath(builtUrl(''));
}

/** The files of a folder. */
export function filesBeneath(folder: URL): BuiltFiles {
  const root = fileURLToPath(folder);
  return {
    paths: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
    },
    read: (path) => readFile(join(root, path)),
  };
}

/** Where a file that is built would be, seen from this one: beside the bundle or above `chunks/`; in dist/ from source. */
export function builtUrl(path: string, from: string = import.meta.url): URL {
  if (from.endsWith('.ts')) return new URL(`../../dist/${path}`, from);
  return new URL(`${/\/chunks\/[^/]*$/.test(from) ? '../' : './'}${path}`, from);
}

/** Whether this process is a single executable: then no Node and no script stand in its command. */
export function isSingleExecutable(): boolean {
  return embeddedFiles() !== undefined;
}

interface EmbeddedFiles extends BuiltFiles {
  readSync(path: string): string;
}

/** The files within this executable; undefined where Sealane runs from a folder. */
export function embeddedFiles(): EmbeddedFiles | undefined {
  const sea = process.getBuiltinModule('node:sea');
  if (!sea.isSea()) return undefined;
  return {
    paths: async () => sea.getAssetKeys(),
    read: async (path) => new Uint8Array(sea.getRawAsset(path)),
    readSync: (path) => sea.getAsset(path, 'utf8'),
  };
}
