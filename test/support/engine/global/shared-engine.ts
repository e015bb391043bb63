import { acquireEngine, type AcquiredEngine } from '../../../../dev/engine/acquire.ts';

/**
 * The engine of this test run, for the global setup of each project that needs one. Vitest sets up first the project whose
 * file runs first, so any of them may be the one that starts a private engine, and that removes it before the teardown of
 * another.
 */
export interface SharedEngine extends AcquiredEngine {
  /** Whether the engine was there before the run: only there must images be removed. */
  readonly wasThere: boolean;
}

/** In the environment, since each project has modules of its own. */
const startedHere = 'SEALANE_TEST_ENGINE';

export async function acquireShared(onProgress: (line: string) => void): Promise<SharedEngine> {
  const engine = await acquireEngine({ allowPrivate: true, onProgress });
  if (engine.private) process.env[startedHere] = engine.host;
  process.env['DOCKER_HOST'] = engine.host;
  return { ...engine, wasThere: engine.host !== process.env[startedHere] };
}
