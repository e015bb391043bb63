import type { ContainerRun } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { splitName } from '../catalog/container-name.ts';
import { defaultBind, hostBind, openBind } from '../config/default-bind.ts';
import { namesRulesOf } from '../config/names/settings.ts';
import type { Settings } from '../config/settings.ts';
import { noDiscovery, type Discovery } from '../discovery/discover.ts';
import { KnownServices } from '../discovery/swarm/known-services.ts';
import type { SwarmKnowledge } from '../discovery/swarm/place.ts';
import { isTaskAlive } from '../discovery/swarm/task-stage.ts';
import { createTaskDiscoverer, type TaskRules } from '../discovery/swarm/tasks.ts';
import type { WatchObserver } from '../discovery/watch/observer.ts';
import { taskOf } from '../docker/creator.ts';
import type { NamedEngine } from '../docker/engine.ts';
import type { Vantage } from '../docker/facts.ts';
import type { SwarmSnapshot, SwarmView } from '../docker/swarm/facts.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import { SeenContainers, type ContainerSource } from '../swarm/seen-containers.ts';
import { createUnion, type SwarmSource } from '../swarm/union.ts';
import { createEngineConflicts } from './engine-conflicts.ts';
import { unreachableProblem, withoutProject } from './engine-problems.ts';
import type { EngineWatch, EngineWatchParts, EngineWatchSettings, Standpoint, WatchedEngine } from './engine-watch.ts';

/**
 * Owns the watches of all engines, one for each, and their sum: the declarations of all containers, and where Sealane
 * itself is. Without an engine nothing is declared.
 *
 *   engine a ─▶ watch ─┐
 *   engine b ─▶ watch ─┴▶ declarations, Sealane's own container ─▶ catalog
 */
export interface EngineSource {
  /** In the order in which they were given; empty where Sealane runs without Docker. */
  readonly engines: readonly WatchedEngine[];
  /** The current declarations and problems of labelled containers. */
  declare(): Discovery;
  /** The address for listeners that name none: as set, as the engine says of Sealane's own container, or guessed. */
  readonly bind: () => string;
  /**
   * Sealane's vantage on the engine whose container it runs in, or on the first engine where none has such a container;
   * undefined while that is not known.
   */
  readonly home: () => Vantage | undefined;
  /**
   * What the managers among the engines tell of their Swarms; undefined where there is none, and while it is unknown which
   * node Sealane is on. The same object until something changes.
   */
  readonly swarm: () => SwarmView | undefined;
  /** What is known of the tasks that containers run. */
  readonly swarmKnowledge: () => SwarmKnowledge;
  /** Sealane's vantage on an engine; undefined while it is unknown. */
  readonly vantageOn: (engine: WatchedEngine) => Vantage | undefined;
  /** The name of the earlier engine that this one is, given again: its containers are ignored. */
  readonly twinOf: (engine: WatchedEngine) => string | undefined;
  /** Whether the engine is an earlier one. */
  readonly isTwin: (engine: WatchedEngine) => boolean;
  /** Whether this run of a container goes on, as far as is known. */
  readonly isAlive: (run: ContainerRun) => boolean;
  /** Asks the container's engine whether this run still has the address (see AddressProof). */
  readonly confirm: (endpoint: Endpoint) => Promise<boolean>;
  /** A dial of an upstream failed: if it is a task of a Swarm, it may be over, of which no event tells. */
  onFailedDial(upstreamKey: string): void;
  /** Begins the watches. */
  start(observerOf: (engine: WatchedEngine) => WatchObserver): void;
  stop(): Promise<void>;
}

type SourceSettings = EngineWatchSettings & Pick<Settings, 'bind' | 'self'>;

/** What watches an engine is loaded where there is one: the schemas of its answers take 7 ms of each start. */
export async function openEngineSource(
  parts: Omit<EngineWatchParts, 'onSwarmChange' | 'onTaskEvent'>,
  engines: readonly NamedEngine[],
  settings: SourceSettings,
): Promise<EngineSource> {
  const alone = engines.length === 1;
  const withSwarm = { ...parts, onSwarmChange, onTaskEvent };
  const watches = await Promise.all(
    engines.map(async (one, index) => {
      const { createEngineWatch } = await import('./engine-watch.ts');
      return createEngineWatch(one, withSwarm, { alone, selfId: selfIdOn(engines, index, settings.self) }, settings);
    }),
  );
  const guess = defaultBind();
  const conflicts = createEngineConflicts(watches);
  const isTwin = (watch: WatchedEngine): boolean => conflicts.twinOf(watch) !== undefined;
  const home = (): Vantage | undefined => homeOf(watches)?.snapshot().vantage;
  const unite = createUnion();
  const seen = new SeenContainers();
  const union = (): SwarmSnapshot | undefined => {
    const served = watches.filter((watch) => !isTwin(watch));
    return seen.applyTo(unite(served.map(swarmSourceOf)), watches.map(containerSourceOf));
  };
  const swarmFrom = rememberingSwarm();
  const swarm = (): SwarmView | undefined =>
    swarmFrom(union(), engineOfOwnNode(watches), watches.filter(hasSwarm).every(isOutOfReach));
  const known = new KnownServices(settings['label-prefix']);
  const discoverTasks = rememberingBind((to) => createTaskDiscoverer(taskRules(settings, to)));
  const standpointOn = (watch: WatchedEngine): Standpoint => ({ home: home(), isApart: conflicts.isApart(watch) });
  const swarmKnowledge = (view = swarm()): SwarmKnowledge => ({
    swarm: view,
    knownServices: known.all,
    isSwarmAwaited: watches.some(isSwarmAwaited),
  });
  const bind = (): string => settings.bind ?? bindOf(home()) ?? guess;
  return {
    engines: watches,
    declare() {
      const vantage = home();
      if (settings.scope === 'project' && vantage?.project === undefined) return withoutProject(watches);
      conflicts.update();
      const view = swarm();
      const told = swarmKnowledge(view);
      const found = watches.map((watch) =>
        isTwin(watch) ? noDiscovery : watch.declare(bind(), standpointOn(watch), told),
      );
      const tasks = view ? [discoverTasks(bind())({ vantage, swarm: view })] : [];
      const unreachable = watches.flatMap((watch) => (isTwin(watch) ? [] : unreachableProblem(watch)));
      return sumOf([...found, ...tasks], [...unreachable, ...conflicts.problems()]);
    },
    bind,
    home,
    swarm,
    swarmKnowledge: () => swarmKnowledge(),
    vantageOn: (watch) => watches.find((one) => one === watch)?.vantage(standpointOn(watch)),
    twinOf: conflicts.twinOf,
    isTwin,
    isAlive({ id, startedAtNs, task }) {
      if (task !== undefined) return isTaskAlive(union(), task, settings['label-prefix']);
      return watches.some((one) => !isTwin(one) && one.snapshot().containers.get(id)?.startedAtNs === startedAtNs);
    },
    async confirm(endpoint) {
      return (await Promise.all(watches.map((watch) => watch.confirm(endpoint)))).includes(true);
    },
    onFailedDial(upstreamKey) {
      // The key of a task begins with its id.
      const task = union()?.tasks.get(upstreamKey.slice(0, upstreamKey.indexOf('@')));
      if (task) for (const watch of watches) watch.suspect(task.serviceId);
    },
    start(observerOf) {
      for (const watch of watches) {
        const observer = observerOf(watch);
        watch.start({
          onEvent: (...event) => isTwin(watch) || observer.onEvent(...event),
          onApplied: (...applied) => isTwin(watch) || observer.onApplied(...applied),
        });
      }
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };

  /** Has the managers on other nodes asked, too. */
  function onTaskEvent(serviceId: string): void {
    for (const watch of watches) watch.hint(serviceId);
  }

  /** The containers of labelled services are followed before anything is declared of them. */
  function onSwarmChange(): void {
    known.update(union(), new Set(watches.flatMap(servicesOfContainers)));
    for (const watch of watches) watch.followServices(known.followed);
    parts.onChange();
  }
}

function taskRules(settings: SourceSettings, bind: string): TaskRules {
  const { 'label-prefix': labelPrefix, scope, 'socket-folder': socketFolder } = settings;
  return { labelPrefix, scope, bind, socketFolder, names: namesRulesOf(settings) };
}

function rememberingBind<T>(create: (bind: string) => T): (bind: string) => T {
  let made: { readonly bind: string; readonly value: T } | undefined;
  return (bind) => {
    if (made?.bind !== bind) made = { bind, value: create(bind) };
    return made.value;
  };
}

/** The id or name in the setting `self` belongs to the first engine; `name@engine` names another. */
function selfIdOn(engines: readonly NamedEngine[], index: number, self: string | undefined): string | undefined {
  if (self === undefined || engines.length === 1) return self;
  const { name, engine } = splitName(self);
  const at = engines.findIndex((one) => one.name === engine);
  if (engine !== undefined && at !== -1) return at === index ? name : undefined;
  return index === 0 ? self : undefined;
}

/** The engine that Sealane runs on, or the first one where none has its container; undefined while that is not known. */
function homeOf(watches: readonly EngineWatch[]): EngineWatch | undefined {
  const own = watches.find(({ snapshot }) => snapshot().vantage?.selfId !== undefined);
  // An engine that was not asked yet may have Sealane's container.
  return own ?? (watches.every(({ snapshot }) => snapshot().vantage !== undefined) ? watches[0] : undefined);
}

/** The engine of the node that Sealane is on: that of its container, else the first one whose containers this machine reaches. */
function engineOfOwnNode(watches: readonly EngineWatch[]): EngineWatch | undefined {
  const home = homeOf(watches);
  if (!home || home.snapshot().vantage?.selfId !== undefined) return home;
  return watches.find(({ snapshot }) => snapshot().vantage?.reach.kind === 'host') ?? home;
}

/** An engine that may not say which node it is has it in the labels of its tasks' containers. */
function nodeIdOf({ swarm, snapshot }: WatchedEngine): string | undefined {
  const told = swarm().standing?.nodeId;
  if (told !== undefined) return told;
  for (const { labels } of snapshot().containers.values()) {
    const task = taskOf(labels);
    if (task) return task.nodeId;
  }
  return undefined;
}

function rememberingSwarm(): (
  snapshot: SwarmSnapshot | undefined,
  home: WatchedEngine | undefined,
  isOutOfReach: boolean,
) => SwarmView | undefined {
  let last: SwarmView | undefined;
  return (snapshot, home, isLastKnown) => {
    if (!snapshot || !home) last = undefined;
    if (!snapshot || !home) return undefined;
    const localNodeId = nodeIdOf(home);
    // Until then, tasks of this node would be taken for another's. What was declared once stays.
    if (localNodeId === undefined && home.swarm().isAwaited && !last) return undefined;
    const view = { snapshot, localNodeId, isLastKnown };
    if (last?.snapshot !== snapshot || last.localNodeId !== localNodeId || last.isLastKnown !== isLastKnown)
      last = view;
    return last;
  };
}

/** An engine that is out of reach is not waited for. */
function isSwarmAwaited({ swarm, snapshot }: WatchedEngine): boolean {
  const { status } = snapshot();
  return swarm().isAwaited && (status.kind === 'connected' || (status.kind === 'connecting' && !status.reason));
}

function servicesOfContainers({ snapshot }: WatchedEngine): string[] {
  return [...snapshot().containers.values()].flatMap(({ labels }) => labels['com.docker.swarm.service.id'] ?? []);
}

function containerSourceOf({ snapshot }: WatchedEngine): ContainerSource {
  const { containers, status, synced } = snapshot();
  return { containers, isCurrent: status.kind === 'connected' && synced };
}

function hasSwarm({ swarm }: WatchedEngine): boolean {
  return swarm().snapshot !== undefined;
}

function isOutOfReach({ snapshot }: WatchedEngine): boolean {
  return snapshot().status.kind !== 'connected';
}

function swarmSourceOf({ swarm, snapshot }: WatchedEngine): SwarmSource {
  return { state: swarm(), isReached: snapshot().status.kind === 'connected' };
}

/** In a container with a network of its own that is all addresses, on the host's network loopback. */
function bindOf(vantage: Vantage | undefined): string | undefined {
  if (vantage?.selfId === undefined) return undefined;
  return vantage.ownNetwork ? openBind : hostBind;
}

function sumOf(found: readonly Discovery[], problems: readonly Problem[]): Discovery {
  const [only] = found;
  if (only && found.length === 1 && problems.length === 0) return only;
  return {
    declarations: found.flatMap(({ declarations }) => declarations),
    problems: [...problems, ...found.flatMap((one) => one.problems)],
    restarted: found.flatMap(({ restarted }) => restarted),
    exposed: found.flatMap(({ exposed = [] }) => exposed),
  };
}
