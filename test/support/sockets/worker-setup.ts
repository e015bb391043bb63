import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the code that a relay thread runs. */
    readonly relayWorker: string;
  }
}

/**
 * Global setup of the contract tests: bundles the relay's worker into one piece, as it is shipped. Each test of a plane
 * starts workers, and a worker that first reads fifty files of TypeScript takes a third of a second longer.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-worker-'));
  const file = join(folder, 'relay-worker.mjs');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await build({
      input: 'src/relay/worker/worker.ts',
      platform: 'node',
      output: { file, format: 'esm' },
      logLevel: 'silent',
    });
  } catch (error) {
    await remove();
    throw error;
  }
  project.provide('relayWorker', pathToFileURL(file).href);
  return remove;
}
