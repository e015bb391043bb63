import type { Readiness } from '../admin/source.ts';
import type { EngineSnapshot } from '../docker/facts.ts';

/**
 * Owns whether Sealane is stopping, and says whether it is ready for clients: once the first list of containers was
 * read, until it stops.
 */
export interface ReadinessSource {
  readonly now: () => Readiness;
  /** From now on Sealane is not ready, for good. */
  onStopping(): void;
}

export function createReadiness(snapshot: () => EngineSnapshot): ReadinessSource {
  let stopping = false;
  return {
    now() {
      if (stopping) return { ready: false, reason: 'it is stopping: no new sessions' };
      const { synced, status } = snapshot();
      if (synced) return { ready: true, reason: 'the first list of containers was read' };
      const slow = 'slow' in status && status.slow !== undefined ? `the engine ${status.slow}` : undefined;
      if (status.kind === 'connected') return { ready: false, reason: slow ?? 'reading the list of containers' };
      const why = status.kind === 'none' ? undefined : (slow ?? status.reason);
      return { ready: false, reason: why ?? 'connecting to the engine' };
    },
    onStopping() {
      stopping = true;
    },
  };
}
