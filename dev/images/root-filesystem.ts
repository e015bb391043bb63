import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { imageExists, type EngineClient } from '../../src/demo/engine-client.ts';
import { followProgress } from './follow-progress.ts';

/**
 * The list of an image's files, and their import into the engine: the files are streamed as one tar to the engine's
 * import call, without a registry and without the docker CLI.
 */
export type Entry = { readonly path: string } & (
  | { readonly kind: 'copy'; readonly source: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly mode: number; readonly owner?: number }
);

/** Imports `entries` as `<repository>:<hash of contents and changes>`, unless it exists, and returns that name. */
export async function importImage(
  client: EngineClient,
  repository: string,
  entries: readonly Entry[],
  /** Dockerfile instructions for the image, such as `ENV` and `CMD`. */
  changes: readonly string[],
): Promise<string> {
  const unique = [...new Map(entries.map((entry) => [entry.path, entry])).values()];
  const name = `${repository}:${await contentHash(unique, changes)}`;
  if (await imageExists(client, name)) return name;
  // The name has its tag here, since Podman 4.3 takes no notice of a parameter for it.
  const stream = await client.importImage(packEntries(unique), { repo: name, changes });
  await followProgress(client, stream);
  return name;
}

/** The entries as one tar. A source that cannot be read destroys the stream, which fails the engine's call. */
export function packEntries(entries: readonly Entry[]): Readable {
  const archive = pack();
  writeEntries(archive, entries).catch((error: Error) => archive.destroy(error));
  // tar-stream uses an older implementation of streams than Node's http expects.
  return Readable.from(archive, { objectMode: false });
}

async function writeEntries(archive: Pack, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) await writeEntry(archive, entry);
  archive.finalize();
}

async function writeEntry(archive: Pack, entry: Entry): Promise<void> {
  const name = entry.path.replace(/^\//, '');
  if (entry.kind === 'copy') return copyFile(archive, name, entry.source);
  return written((done) => {
    if (entry.kind === 'text') archive.entry({ name, type: 'file', mode: 0o644 }, entry.text, done);
    else if (entry.kind === 'link') archive.entry({ name, type: 'symlink', linkname: entry.target }, done);
    else {
      const owner = entry.owner ?? 0;
      archive.entry({ name, type: 'directory', mode: entry.mode, uid: owner, gid: owner }, done);
    }
  });
}

async function copyFile(archive: Pack, name: string, source: string): Promise<void> {
  const { size, mode } = await stat(source);
  const header = { name, type: 'file', size, mode: mode & 0o777 } as const;
  // Thousands of small files (npm) are copied faster in one piece; the Node binary would take its whole size in memory.
  if (size < 1 << 20) {
    const content = await readFile(source);
    return written((done) => archive.entry(header, content, done));
  }
  let sink: NodeJS.WritableStream | undefined;
  const done = written((callback) => {
    sink = archive.entry(header, callback);
  });
  if (sink !== undefined) await pipeline(createReadStream(source, { highWaterMark: 1 << 18 }), sink);
  return done;
}

function written(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

async function contentHash(entries: readonly Entry[], changes: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(changes));
  for (const entry of entries) {
    hash.update(JSON.stringify(entry.kind === 'copy' ? entry.path : entry));
    if (entry.kind === 'copy') hash.update(await readFile(entry.source));
  }
  return hash.digest('hex').slice(0, 16);
}
