import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Clock, Timer } from '../time/clock.ts';
import type { PemError, PemFile } from './read-certificate.ts';

/**
 * Watches PEM files and folders of them by polling, as config/watch-file.ts does. A change is read once the files are
 * at rest, so that a certificate and its key, which are replaced one after the other, are read together.
 */
export interface PemFiles {
  /** The files in the order of the given paths; within a folder by name, `default` first. */
  readonly files: readonly PemFile[];
  /** The files and folders that could not be read. */
  readonly errors: readonly PemError[];
}

interface PemWatchEvents {
  /** Called with the files that were read: once before the watch resolves, then after each change. */
  onRead(files: PemFiles): void;
  /** Called after each poll, whether or not files were read. */
  onPolled(): void;
}

const pollMs = 500;
const extensions: ReadonlySet<string> = new Set(['.pem', '.crt', '.cer', '.cert', '.key']);
/**
 * The largest file that is read, in bytes. Chains take a few kilobytes; all authorities that Debian trusts take 200.
 */
const largestFile = 1024 * 1024;
const mostFiles = 2_000;

interface Scan {
  /** Each path with a fingerprint that changes when the file does. */
  readonly files: ReadonlyMap<string, string>;
  readonly errors: readonly PemError[];
}

/** `paths`: files, or folders of files, or folders of such folders (as certbot's `live`). */
export async function watchPemFiles(
  clock: Clock,
  paths: readonly string[],
  events: PemWatchEvents,
): Promise<{ stop(): void }> {
  let seen = await scan(paths);
  let unsettled: string | undefined;
  let timer: Timer | undefined;
  let stopped = false;
  events.onRead(await read(seen));

  const poll = async (): Promise<void> => {
    const now = await scan(paths);
    const signature = signatureOf(now);
    if (signature === signatureOf(seen)) {
      unsettled = undefined;
    } else if (signature !== unsettled) {
      unsettled = signature;
    } else {
      unsettled = undefined;
      seen = now;
      const files = await read(now);
      if (!stopped) events.onRead(files);
    }
    if (stopped) return;
    events.onPolled();
    timer = clock.after(pollMs, () => void poll());
  };
  if (paths.length > 0) timer = clock.after(pollMs, () => void poll());

  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

function signatureOf({ files, errors }: Scan): string {
  return JSON.stringify([[...files], errors]);
}

/** Lists the files. Never fails: a path that can't be read becomes an error. */
async function scan(paths: readonly string[]): Promise<Scan> {
  const files = new Map<string, string>();
  const errors: PemError[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    try {
      const facts = await stat(path);
      if (!facts.isDirectory()) {
        if (!facts.isFile()) throw Object.assign(new Error('a pipe or a device'), { code: 'EINVAL' });
        if (files.size < mostFiles) files.set(path, `${facts.ino} ${facts.size} ${facts.mtimeMs}`);
        return;
      }
      if (depth > 1) return;
      for (const name of (await readdir(path)).sort(byName)) {
        const child = join(path, name);
        // Hidden names are skipped; Kubernetes keeps versions of a secret's files in ..2026_01_01 and the like.
        if (name.startsWith('.')) continue;
        if (extensions.has(extname(name)) || (depth === 0 && (await isFolder(child)))) await visit(child, depth + 1);
      }
    } catch (error) {
      errors.push(unreadable(path, error));
    }
  };
  for (const path of paths) {
    await visit(path, 0);
    for (const sibling of siblingsOf(path)) if (!files.has(sibling) && (await exists(sibling))) await visit(sibling, 0);
  }
  return { files, errors };
}

async function read({ files, errors: before }: Scan): Promise<PemFiles> {
  const errors: PemError[] = [...before];
  const contents: PemFile[] = [];
  for (const path of files.keys()) {
    try {
      if ((await stat(path)).size > largestFile) throw Object.assign(new Error('too large'), { code: 'EFBIG' });
      contents.push({ path, text: await readFile(path, 'latin1') });
    } catch (error) {
      errors.push(unreadable(path, error));
    }
  }
  return { files: contents, errors };
}

/** Sorts by name, `default` first: its certificate is the one for clients that send no name. */
function byName(a: string, b: string): number {
  return Number(isDefault(b)) - Number(isDefault(a)) || (a < b ? -1 : 1);
}

function isDefault(name: string): boolean {
  return basename(name, extname(name)) === 'default';
}

/** The paths where the key of a certificate file that was given alone may be. */
function siblingsOf(path: string): readonly string[] {
  const stem = path.slice(0, path.length - extname(path).length);
  if (basename(path) === 'fullchain.pem') return [join(path, '..', 'privkey.pem')];
  return extensions.has(extname(path)) ? [`${stem}.key`, `${stem}-key.pem`].filter((one) => one !== path) : [];
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const fileErrors: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file or folder', 'Make it with sealane cert, or correct the setting.'],
  EACCES: ['permission denied', 'Make it readable for the user Sealane runs as.'],
  EINVAL: ['it is no file', 'Name a file, or a folder of them.'],
  EFBIG: ['it is larger than 1 MiB', 'Move it elsewhere.'],
};

function unreadable(path: string, error: unknown): PemError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const [why, fix] = fileErrors[code] ?? [code, 'See why it can’t be read.'];
  return { path, message: `it can’t be read: ${why}`, fix };
}
