import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { printable } from '../telemetry/printable.ts';
import type { Loader } from './load.ts';
import type { Place } from './place.ts';

/**
 * Reads compose files from disk, `-` from standard input, and remembers their lines.
 */
export interface DiskLoader extends Loader {
  readonly lineOf: (place: Place) => string | undefined;
}

/** `folder`: paths below it are shown relative to it. */
export function createDiskLoader(folder: string): DiskLoader {
  const show = (path: string): string => {
    if (path === '-') return '<stdin>';
    const inner = relative(folder, path);
    return inner === '' || inner.startsWith('..') ? path : inner;
  };
  const texts = new Map<string, string>();
  return {
    show,
    lineOf: ({ file, line }) => texts.get(file)?.split(/\r?\n/, line)[line - 1],
    async read(path) {
      const text = await (path === '-' ? readStandardInput() : readFile(path, 'utf8')).catch(
        (error: NodeJS.ErrnoException) => {
          throw new ConfigError(
            `cannot read ${printable(show(path), 400)}: ${fileErrors[error.code ?? ''] ?? error.code}`,
            {
              cause: error,
            },
          );
        },
      );
      texts.set(show(path), text);
      return text;
    },
    exists: (path) =>
      stat(path).then(
        (found) => found.isFile(),
        () => false,
      ),
  };
}

async function readStandardInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += String(chunk);
  return text;
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory; name the file itself',
};
