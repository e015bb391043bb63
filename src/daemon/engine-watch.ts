import type { EngineTag } from '../catalog/container-name.ts';
import { defaultBind, openBind } from '../config/default-bind.ts';
import { namesRulesOf } from '../config/names/settings.ts';
import type { Settings } from '../config/settings.ts';
import { createDiscoverer, type Discovery, type DiscoveryInput } from '../discovery/discover.ts';
import type { SwarmKnowledge } from '../discovery/swarm/place.ts';
import { isLabelledService } from '../discovery/swarm/service-labels.ts';
import { createWatcher, type EngineWatcher, type WatcherCollaborators } from '../discovery/watcher.ts';
import type { StreamListener, WatchObserver } from '../discovery/watch/observer.ts';
import type { Engine, NamedEngine } from '../docker/engine.ts';
import type { EngineSnapshot, Vantage } from '../docker/facts.ts';
import { readIdentityInputs, type IdentityInputs } from '../docker/identity/identity.ts';
import { isOnOwnHost, vantageBeside } from '../docker/identity/vantage.ts';
import { createDirectNetworks } from '../network/direct-networks.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import { noSwarm, type SwarmState } from '../swarm/swarm-state.ts';
import { createSwarmWatch, type SwarmWatch } from '../swarm/swarm-watch.ts';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Owns the watch of one engine, and turns its snapshot into declarations. While the engine is out of reach, its last known
 * state stays, and nothing else is touched.
 */
export interface WatchedEngine extends NamedEngine {
  /** What tells its containers from those of other engines; empty where it is the only one. */
  readonly tag: EngineTag;
  /** The labelled containers, as last known; the same object until something changes. */
  readonly snapshot: () => EngineSnapshot;
  /** What the engine tells of its Swarm; the same object until something changes. */
  readonly swarm: () => SwarmState;
}

export interface EngineWatch extends WatchedEngine {
  /** The declarations of its containers; the same object until something changes. */
  declare(bind: string, standpoint: Standpoint, swarm: SwarmKnowledge): Discovery;
  /** Sets the Swarm services whose containers are followed although they have no label of Sealane. */
  followServices(serviceIds: ReadonlySet<string>): void;
  /** Asks the engine whether the run of one of its containers still has the address (see AddressProof). */
  confirm(endpoint: Endpoint): Promise<boolean>;
  /** Sealane's vantage on it; undefined while it is unknown. The same object until something changes. */
  vantage(standpoint: Standpoint): Vantage | undefined;
  /** Another engine tells of a container of this Swarm service. */
  hint(serviceId: string): void;
  /** A dial of a task of this Swarm service failed. */
  suspect(serviceId: string): void;
  start(observer: WatchObserver): void;
  stop(): Promise<void>;
}

export interface Standpoint {
  /** Sealane's vantage on the engine that it runs on. */
  readonly home: Vantage | undefined;
  /** Whether containers of another engine, which is more likely this machine's, have addresses of this one's. */
  readonly isApart: boolean;
}

export interface EngineWatchParts extends Pick<WatcherCollaborators, 'clock' | 'random' | 'logger' | 'onChange'> {
  /** Called, like `onChange`, when what the engine tells of its Swarm changed. */
  readonly onSwarmChange: () => void;
  /** Called when an event tells of a container of this Swarm service: managers on other nodes hear of it later. */
  readonly onTaskEvent: (serviceId: string) => void;
}

export type EngineWatchSettings = Pick<
  Settings,
  | 'engine-actions'
  | 'label-prefix'
  | 'scope'
  | 'socket-folder'
  | 'resync-interval'
  | 'swarm'
  | 'names'
  | 'names-listen'
  | 'expose'
>;

interface EngineRole {
  /** Whether no other engine is watched. */
  readonly alone: boolean;
  /** The id or name of Sealane's own container, where a setting says that it is on this engine. */
  readonly selfId: string | undefined;
}

const notWatchedYet: EngineSnapshot = {
  containers: new Map(),
  stopped: new Map(),
  vantage: undefined,
  status: { kind: 'connecting' },
  synced: false,
};

export function createEngineWatch(
  { name, engine }: NamedEngine,
  parts: EngineWatchParts,
  { alone, selfId }: EngineRole,
  settings: EngineWatchSettings,
): EngineWatch {
  const tag: EngineTag = alone ? {} : { engine: name };
  const {
    'label-prefix': labelPrefix,
    scope,
    'socket-folder': socketFolder,
    expose,
    'engine-actions': allowed,
  } = settings;
  const names = namesRulesOf(settings);
  const actions = new Set(allowed);
  const networks = createDirectNetworks();
  const routes = {
    hasRoute: (address: string): boolean => networks.find(address).kind !== 'none',
    isRouted(address: string): boolean {
      const path = networks.find(address);
      return path.kind === 'none' && path.isRouted;
    },
    routesVersion: () => networks.version(),
  };
  let watcher: EngineWatcher | undefined;
  const logger = taggedLogger(parts.logger, tag);
  const swarm = watchSwarm(engine, { ...parts, logger }, settings);
  const snapshot = (): EngineSnapshot => watcher?.snapshot() ?? notWatchedYet;
  const seenFrom = rememberingVantage();
  const vantage = (standpoint: Standpoint): Vantage | undefined => seenFrom(snapshot().vantage, standpoint);
  const declare = remembering((bind) =>
    createDiscoverer({ labelPrefix, scope, bind, socketFolder, names, expose, actions, ...routes, ...tag }),
  );
  return {
    name,
    engine,
    tag,
    snapshot,
    swarm: () => swarm?.state() ?? noSwarm,
    declare: (bind, standpoint, told) =>
      declare(bind, {
        containers: snapshot().containers,
        stopped: snapshot().stopped,
        vantage: vantage(standpoint),
        ...told,
      }),
    followServices: (serviceIds) => watcher?.followServices(serviceIds),
    confirm: async (endpoint) => (await watcher?.confirm(endpoint)) ?? false,
    vantage,
    hint: (serviceId) => swarm?.hintElsewhere(serviceId),
    suspect: (serviceId) => swarm?.suspect(serviceId),
    start(observer) {
      const identity = alone ? {} : { identity: () => identityAmongSeveral(engine, selfId) };
      watcher = createWatcher(
        { ...parts, logger, engine, observer, ...(swarm && { listener: listenerFor(swarm, parts) }), ...identity },
        {
          labelPrefix,
          expose,
          followsStopped: actions.has('start'),
          resyncIntervalMs: settings['resync-interval'],
          ...(selfId === undefined ? {} : { selfId }),
        },
      );
      watcher.start();
    },
    async stop() {
      await Promise.all([watcher?.stop(), swarm?.stop()]);
    },
  };
}

function watchSwarm(
  { swarm: api }: Engine,
  parts: EngineWatchParts,
  { swarm, 'label-prefix': prefix, 'resync-interval': resyncIntervalMs }: EngineWatchSettings,
): SwarmWatch | undefined {
  if (!api || swarm === 'off') return undefined;
  return createSwarmWatch(
    { ...parts, api, onChange: parts.onSwarmChange },
    { isLabelled: (service) => isLabelledService(service, prefix), resyncIntervalMs },
  );
}

function listenerFor(swarm: SwarmWatch, { onTaskEvent }: EngineWatchParts): StreamListener {
  return {
    onOpen: () => swarm.connected(),
    onLost: () => swarm.disconnected(),
    onEvent({ attributes }) {
      const serviceId = attributes['com.docker.swarm.service.id'];
      if (serviceId === undefined) return;
      swarm.hint(serviceId);
      onTaskEvent(serviceId);
    },
  };
}

/**
 * Discovers again only when the containers, the address, Sealane's vantage or the Swarm changed: mostly one engine of several
 * has changed, and the others' thousands of containers need not be gone through.
 */
function remembering(
  create: (bind: string) => ReturnType<typeof createDiscoverer>,
): (bind: string, input: DiscoveryInput) => Discovery {
  let made: { readonly bind: string; readonly discover: ReturnType<typeof createDiscoverer> } | undefined;
  let last: (DiscoveryInput & { readonly discovery: Discovery }) | undefined;
  return (bind, input) => {
    if (made?.bind !== bind) {
      made = { bind, discover: create(bind) };
      last = undefined;
    }
    if (!last || !isSameInput(last, input)) last = { ...input, discovery: made.discover(input) };
    return last.discovery;
  };
}

function isSameInput(a: DiscoveryInput, b: DiscoveryInput): boolean {
  if (a.containers !== b.containers || a.stopped !== b.stopped || a.vantage !== b.vantage || a.swarm !== b.swarm)
    return false;
  return a.knownServices === b.knownServices && a.isSwarmAwaited === b.isSwarmAwaited;
}

function rememberingVantage(): typeof vantageFrom {
  let last: (Standpoint & { readonly own: Vantage | undefined; readonly vantage: Vantage | undefined }) | undefined;
  return (own, { home, isApart }) => {
    if (last?.own !== own || last?.home !== home || last?.isApart !== isApart)
      last = { own, home, isApart, vantage: vantageFrom(own, { home, isApart }) };
    return last.vantage;
  };
}

/**
 * The vantage on an engine. In a container with a network of its own, addresses of the machine are not used while it is
 * unknown which engine the container is on: containers of that engine may have the same ones.
 */
function vantageFrom(own: Vantage | undefined, { home, isApart }: Standpoint): Vantage | undefined {
  if (!own) return undefined;
  const vantage = isApart ? apart : own;
  if (home) return vantageBeside(vantage, home);
  return defaultBind() === openBind && isOnOwnHost(vantage.reach) ? undefined : vantage;
}

/** The ports that an engine publishes are those of this machine, also where its networks are not. */
const apart: Vantage = { reach: { kind: 'published', host: '127.0.0.1', because: 'same-addresses' } };

/**
 * The inputs without the marker file of a container, which would let Sealane take a container that has one of its
 * addresses for its own: every engine gives its containers the same few addresses.
 */
async function identityAmongSeveral({ endpoint }: Engine, selfId: string | undefined): Promise<IdentityInputs> {
  return { ...(await readIdentityInputs(endpoint, selfId)), inContainer: false };
}

/** A logger whose lines say which engine they are about. */
function taggedLogger(logger: Logger, { engine }: EngineTag): Logger {
  if (engine === undefined) return logger;
  const tagged =
    (level: keyof Logger): Logger['info'] =>
    (fields, message) =>
      logger[level]({ ...fields, engine }, `engine ${engine}: ${message}`);
  return { debug: tagged('debug'), info: tagged('info'), warn: tagged('warn'), error: tagged('error') };
}
