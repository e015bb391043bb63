import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Readable } from 'node:stream';
import { ConfigError } from '../config/config-error.ts';
import { printable } from '../text/printable.ts';
import type { Loader } from './load.ts';
import type { SourceLocation } from './location.ts';

/**
 * Reads compose files from disk, `-` from standard input, and remembers their lines.
 */
interface DiskLoader extends Loader {
  readonly lineOf: (location: SourceLocation) => string | undefined;
}

/** Creates a loader. Paths below `folder` are shown relative to it. */
export function createDiskLoader(folder: string): DiskLoader {
  const show = (path: string): string => {
    if (path === '-') return '<stdin>';
    const inner = relative(folder, path);
    return inner === '' || inner.startsWith('..') ? path : inner;
  };
  const texts = new Map<string, string>();
  let standardInput: Promise<string> | undefined;
  return {
    show,
    lineOf: ({ file, line }) => texts.get(file)?.split(/\r?\n/, line)[line - 1],
    async read(path) {
      // Standard input can be read once only.
      const reading = path === '-' ? (standardInput ??= textOf(process.stdin)) : textOfFile(path);
      const text = await reading.catch((error: unknown) => {
        throw new ConfigError(`cannot read ${printable(show(path), 400)}: ${whyNot(error)}`, { cause: error });
      });
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

/** The longest file that is read: a hundred times the largest compose file known. */
const maxLength = 4 * 2 ** 20;

class Refusal extends Error {}

/** Reads a regular file. A pipe or a device could block the reader for ever, or never end. */
async function textOfFile(path: string): Promise<string> {
  const found = await stat(path);
  if (found.isDirectory()) throw new Refusal('it is a directory; name the file itself');
  if (!found.isFile()) throw new Refusal('it is no file; what comes from a pipe is read from standard input, as -');
  return textOf(createReadStream(path));
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > maxLength) throw new Refusal('it is larger than any compose file (4 MiB)');
  }
  return text;
}

function whyNot(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const { code = '' } = error as NodeJS.ErrnoException;
  return fileErrors[code] ?? code;
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
};
