import type { ContainerRun } from '../catalog/declaration.ts';
import { defaultBind, hostBind, openBind } from '../config/default-bind.ts';
import type { Settings } from '../config/settings.ts';
import { createDiscoverer, type Discovery } from '../discovery/discover.ts';
import {
  createWatcher,
  type EngineWatcher,
  type WatcherCollaborators,
  type WatchObserver,
} from '../discovery/watcher.ts';
import type { Engine, NamedEngine } from '../docker/engine.ts';
import type { EngineSnapshot, Vantage } from '../docker/facts.ts';

/**
 * Owns the watch of the container engine, and turns its snapshot into declarations. Without an engine the snapshot is
 * empty and complete.
 */
export interface EngineSource {
  /** Undefined where Sealane runs without Docker. */
  readonly engine: Engine | undefined;
  /** The current declarations and problems of labelled containers. */
  declare(): Discovery;
  /** The address for listeners that name none: as set, as the engine says of Sealane's own container, or guessed. */
  readonly bind: () => string;
  /** The labelled containers, as last known. */
  readonly snapshot: () => EngineSnapshot;
  /** Whether this run of a container goes on, as far as is known. */
  readonly isAlive: (run: ContainerRun) => boolean;
  /** Begins the watch. */
  start(observer: WatchObserver): void;
  stop(): Promise<void>;
}

export type EngineSourceParts = Pick<WatcherCollaborators, 'clock' | 'random' | 'logger' | 'onChange'>;

type DiscoverySettings = Pick<
  Settings,
  'bind' | 'label-prefix' | 'scope' | 'socket-folder' | 'resync-interval' | 'self'
>;

export function createEngineSource(
  parts: EngineSourceParts,
  [watched]: readonly NamedEngine[],
  settings: DiscoverySettings,
): EngineSource {
  const engine = watched?.engine;
  const labelPrefix = settings['label-prefix'];
  const { scope, 'socket-folder': socketFolder } = settings;
  const guess = defaultBind();
  let watcher: EngineWatcher | undefined;
  const snapshot = (): EngineSnapshot => watcher?.snapshot() ?? (engine ? notWatchedYet : withoutEngine);
  const bindNow = (): string => settings.bind ?? bindOf(snapshot().vantage) ?? guess;
  const discovererFor = (bind: string) => ({
    bind,
    discover: createDiscoverer({ labelPrefix, scope, bind, socketFolder }),
  });
  let discoverer = discovererFor(bindNow());
  return {
    engine,
    declare() {
      const bind = bindNow();
      if (bind !== discoverer.bind) discoverer = discovererFor(bind);
      return discoverer.discover(snapshot());
    },
    bind: bindNow,
    snapshot,
    isAlive: ({ id, startedAtNs }) => snapshot().containers.get(id)?.startedAtNs === startedAtNs,
    start(observer) {
      if (!engine) return;
      watcher = createWatcher(
        { ...parts, engine, observer },
        {
          labelPrefix,
          resyncIntervalMs: settings['resync-interval'],
          ...(settings.self === undefined ? {} : { selfId: settings.self }),
        },
      );
      watcher.start();
    },
    async stop() {
      await watcher?.stop();
    },
  };
}

/** In a container with a network of its own that is all addresses, on the host's network loopback. */
function bindOf(vantage: Vantage | undefined): string | undefined {
  if (vantage?.selfId === undefined) return undefined;
  return vantage.ownNetwork ? openBind : hostBind;
}

const notWatchedYet: EngineSnapshot = {
  containers: new Map(),
  vantage: undefined,
  status: { kind: 'connecting' },
  synced: false,
};

const withoutEngine: EngineSnapshot = { ...notWatchedYet, status: { kind: 'none' }, synced: true };
