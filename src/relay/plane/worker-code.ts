import { fileURLToPath } from 'node:url';
import { builtUrl, embeddedFiles } from '../../built/files.ts';
import type { ThreadCode } from '../boundary/messages.ts';

/** What relay threads run, and what their bulk threads do. */
export interface WorkerCode {
  readonly relay: ThreadCode;
  readonly bulk: ThreadCode;
}

export function workerCode(from: string = import.meta.url): WorkerCode {
  return {
    relay: threadCode('relay-worker.js', '../worker/worker.ts', from),
    bulk: threadCode('bulk-thread.js', '../driver/splice/bulk/thread.ts', from),
  };
}

/** The code of a module that runs in a thread of its own. */
export function moduleAt(url: URL): ThreadCode {
  return { script: fileURLToPath(url), isSource: false };
}

function threadCode(built: string, source: string, from: string): ThreadCode {
  if (from.endsWith('.ts')) return moduleAt(new URL(source, from));
  const embedded = embeddedFiles();
  if (embedded) return { script: embedded.readSync(built), isSource: true };
  return moduleAt(builtUrl(built, from));
}
