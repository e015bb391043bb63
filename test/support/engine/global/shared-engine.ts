import { acquireEngine, type AcquiredEngine } from '../../../../dev/engine/acquire.ts';

/** In the environment, since each project has modules of its own. */
const startedHere = 'SEALANE_TEST_ENGINE';

/**
 * The engine of this test run, for the global setup of each project that needs one. Vitest sets up first the project whose
 * file runs first, so any of them may be the one that starts a private engine, and that removes it before the teardown of
 * another. The engine is private for all of them: images need not be removed from it.
 */
export async function acquireShared(onProgress: (line: string) => void): Promise<AcquiredEngine> {
  const engine = await acquireEngine({ allowPrivate: true, onProgress });
  if (engine.private) process.env[startedHere] = engine.host;
  process.env['DOCKER_HOST'] = engine.host;
  return { ...engine, private: engine.host === process.env[startedHere] };
}
