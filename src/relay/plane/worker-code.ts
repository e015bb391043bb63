import { builtUrl, embeddedFiles } from '../../built/files.ts';

/**
 * What relay threads run: the URL of their module, or the code itself where no file has it. From source the module is
 * `../worker/worker.ts`.
 */
export type WorkerCode = URL | { readonly source: string };

const module = 'relay-worker.js';

export function workerCode(from: string = import.meta.url): WorkerCode {
  if (from.endsWith('.ts')) return new URL('../worker/worker.ts', from);
  const embedded = embeddedFiles();
  return embedded === undefined ? builtUrl(module, from) : { source: embedded.readSync(module) };
}
