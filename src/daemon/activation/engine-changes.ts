import type { RestActions } from '../../activation/ports.ts';
import { EngineError, type Engine } from '../../docker/engine.ts';
import type { EngineActions } from '../../docker/engine-actions.ts';
import type { EngineSource } from '../engine-source.ts';

/**
 * Finds the engine of the container that is to be changed. What the setting `engine-actions` does not allow, the engine's
 * own client refuses.
 */
export function createEngineChanges(engines: Pick<EngineSource, 'engines' | 'isTwin'>): RestActions {
  function engineOf(id: string): Engine | undefined {
    return engines.engines.find((one) => {
      const { containers, stopped } = one.snapshot();
      return !engines.isTwin(one) && (containers.has(id) || stopped.has(id));
    })?.engine;
  }

  function of(id: string): EngineActions {
    const actions = engineOf(id)?.actions;
    if (actions) return actions;
    throw new EngineError('unreachable', `no engine knows container ${id.slice(0, 12)} any more`);
  }
  return {
    start: async (id, cause) => of(id).start(id, cause),
    stop: async (id, cause) => of(id).stop(id, cause),
    pause: async (id, cause) => of(id).pause(id, cause),
    unpause: async (id, cause) => of(id).unpause(id, cause),
    memoryOf: async (id) => {
      const telling = engineOf(id)?.memoryOf?.(id, AbortSignal.timeout(memoryTimeoutMs));
      return telling?.catch(() => undefined);
    },
  };
}

/** Docker takes a second for it where it is asked for several, and versions before 20.10 always. */
const memoryTimeoutMs = 3_000;
