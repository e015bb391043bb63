import type { Readiness } from '../admin/source.ts';
import { listed } from '../text/listed.ts';
import type { WatchedEngine } from './engine-watch.ts';

/**
 * Owns whether Sealane is ready for clients: once the list of containers of each engine was read or the engine was found
 * out of reach, and at least one list was read, and the Swarms of engines that are managers; until Sealane stops.
 */
export interface ReadinessSource {
  readonly now: () => Readiness;
  /** From now on Sealane is not ready, for good. */
  onStopping(): void;
}

type Watched = Pick<WatchedEngine, 'name' | 'tag' | 'snapshot' | 'swarm'>;

export function createReadiness(engines: readonly Watched[]): ReadinessSource {
  let stopping = false;
  // An engine that is reached later is read then, and makes nothing unready that has clients already.
  let wasReady = false;
  return {
    now() {
      if (stopping) return { ready: false, reason: 'it is stopping: no new sessions' };
      const waited = engines.find((one) => isWaitedFor(one) || isSwarmWaitedFor(one));
      const read = engines.filter(({ snapshot }) => snapshot().synced);
      wasReady ||= engines.length === 0 || (read.length > 0 && !waited);
      if (wasReady) return { ready: true, reason: whatWasRead(engines, read) };
      const missing = waited ?? engines[0];
      return { ready: false, reason: missing ? `${prefixOf(missing)}${whyNotRead(missing)}` : '' };
    },
    onStopping() {
      stopping = true;
    },
  };
}

/** Whether an engine's list was not read yet, although nothing says that the engine is out of reach. */
export function isWaitedFor({ snapshot }: Pick<WatchedEngine, 'snapshot'>): boolean {
  const { synced, status } = snapshot();
  return !synced && (status.kind === 'connected' || (status.kind === 'connecting' && status.reason === undefined));
}

function isSwarmWaitedFor({ snapshot, swarm }: Watched): boolean {
  return snapshot().status.kind === 'connected' && swarm().isAwaited;
}

function whatWasRead(engines: readonly Watched[], read: readonly Watched[]): string {
  if (engines.length < 2) return 'the first list of containers was read';
  if (read.length === engines.length) return 'the first list of containers of each engine was read';
  const away = engines.filter((one) => !read.includes(one)).map(({ name = '' }) => name);
  return `the first list of containers was read, but not of ${listed(away)}`;
}

function prefixOf({ tag: { engine } }: Watched): string {
  return engine === undefined ? '' : `engine ${engine}: `;
}

function whyNotRead({ snapshot }: Watched): string {
  const { status, synced } = snapshot();
  const slow = 'slow' in status && status.slow !== undefined ? `the engine ${status.slow}` : undefined;
  if (status.kind === 'connected') return slow ?? (synced ? 'reading the Swarm' : 'reading the list of containers');
  return slow ?? ('reason' in status ? status.reason : undefined) ?? 'connecting to the engine';
}
