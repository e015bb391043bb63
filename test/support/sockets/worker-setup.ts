import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';
import type { TestProject } from 'vitest/node';
import { leanBuiltins } from '../../../dev/packaging/lean.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the code that a relay thread runs. */
    readonly relayWorker: string;
    /** The same of the worker with a fault; see crashing-worker.ts. */
    readonly crashingWorker: string;
  }
}

/**
 * Global setup of the contract tests: bundles the relay's worker into one piece, as it is shipped, and so the worker with
 * a fault. Each test of a plane starts workers, and a worker that first reads fifty files of TypeScript takes a third of
 * a second longer.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sealane-worker-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    project.provide('relayWorker', await bundle('src/relay/worker/worker.ts', join(folder, 'relay-worker.mjs')));
    project.provide(
      'crashingWorker',
      await bundle('test/support/sockets/crashing-worker.ts', join(folder, 'crashing-worker.mjs')),
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}

async function bundle(input: string, file: string): Promise<string> {
  const output = { file, format: 'esm' } as const;
  await build({ input, platform: 'node', plugins: [leanBuiltins()], output, logLevel: 'silent' });
  return pathToFileURL(file).href;
}
