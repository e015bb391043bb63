import type { RestActions } from '../../activation/ports.ts';
import { EngineError } from '../../docker/engine.ts';
import type { EngineActions } from '../../docker/engine-actions.ts';
import type { EngineSource } from '../engine-source.ts';

/**
 * Finds the engine of the container that is to be changed. What the setting `engine-actions` does not allow, the engine's
 * own client refuses.
 */
export function createEngineChanges(engines: Pick<EngineSource, 'engines' | 'isTwin'>): RestActions {
  function of(id: string): EngineActions {
    const found = engines.engines.find((one) => {
      const { containers, stopped } = one.snapshot();
      return !engines.isTwin(one) && (containers.has(id) || stopped.has(id));
    });
    if (found?.engine.actions) return found.engine.actions;
    throw new EngineError('unreachable', `no engine knows container ${id.slice(0, 12)} any more`);
  }
  return {
    start: async (id, cause) => of(id).start(id, cause),
    stop: async (id, cause) => of(id).stop(id, cause),
    pause: async (id, cause) => of(id).pause(id, cause),
    unpause: async (id, cause) => of(id).unpause(id, cause),
  };
}
