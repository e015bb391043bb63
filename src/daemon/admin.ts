import { historyIntervalMs, StatsHistory } from '../admin/stats-history.ts';
import { isDeepStrictEqual } from 'node:util';
import { createEventFeed, type EventFeed } from '../admin/event-feed.ts';
import type { KeptAdmin } from '../admin/keep-serving.ts';
import { createMetrics, type MetricsInput } from '../admin/metrics/metrics.ts';
import type { ServicesEvent, StatsEvent } from '../admin/event-schema.ts';
import type { ApiSwarm } from '../admin/status-schema.ts';
import { viewSwarm } from '../discovery/swarm/views.ts';
import type { AdminCommands, AdminReads, AdminSource, EngineState, UpstreamTraffic } from '../admin/source.ts';
import { emptyCatalog, type Catalog } from '../catalog/catalog.ts';
import type { Change } from '../catalog/diff.ts';
import { isInContainer } from '../config/default-bind.ts';
import type { Settings } from '../config/settings.ts';
import type { WatchObserver } from '../discovery/watch/observer.ts';
import type { Overrides } from '../reconcile/overrides.ts';
import type { StandIns } from '../reconcile/stand-ins.ts';
import { dialBucketsMs, quantileOf } from '../relay/boundary/timings.ts';
import type { Plane } from '../relay/plane/plane.ts';
import { DiscoveryLag } from '../telemetry/discovery-lag.ts';
import type { Logger } from '../telemetry/logger.ts';
import { LoopLag } from '../telemetry/loop-lag.ts';
import { printable } from '../text/printable.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { version } from '../version.ts';
import type { ActivationSource } from './activation/activation-source.ts';
import { serveAdminApi } from './admin-servers.ts';
import type { CatalogLoop } from './catalog-loop.ts';
import { createDashboardLink } from './dashboard-link.ts';
import { createEngineActivity } from './engine-activity.ts';
import type { EngineSource } from './engine-source.ts';
import type { InEffect } from './in-effect.ts';
import type { WatchedEngine } from './engine-watch.ts';
import { standingsOf, type Explainer } from './explainer.ts';
import type { NamesIndex } from './names/names-index.ts';
import type { ReadinessSource } from './readiness.ts';
import type { Relay } from './relay.ts';
import type { Swaps } from './swap/swaps.ts';

/**
 * Connects the admin API, its event feed and the metrics to the parts that they read, and serves them.
 */
export interface Admin {
  /** Takes what the watch of an engine hears. */
  readonly observerOf: (engine: WatchedEngine) => WatchObserver;
  serve(): Promise<void>;
  close(): Promise<void>;
}

export interface AdminParts {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly lostLogLines: () => number;
  readonly engines: EngineSource;
  readonly index: NamesIndex;
  readonly relay: Relay;
  readonly loop: CatalogLoop;
  readonly overrides: Overrides;
  readonly inEffect: InEffect;
  readonly standIns: StandIns;
  readonly swaps: Swaps;
  readonly activation: ActivationSource;
  readonly readiness: ReadinessSource;
  readonly explainer: Explainer;
}

export function createAdmin(parts: AdminParts): Admin {
  const { clock, settings, logger, engines, relay, loop } = parts;
  const loopLag = new LoopLag(clock);
  const history = new StatsHistory();
  const feed = createEventFeed({ clock, readStats: () => readStats(parts) });
  const reads = readsOf(parts);
  const metrics = createMetrics({
    ...metricsInput(reads, feed, relay.plane, loopLag),
    lostLogLines: parts.lostLogLines,
  });
  const lag = new DiscoveryLag((lagMs) => metrics.onDiscovered(lagMs));
  const record = (): void => {
    history.add(readStats(parts));
    recording = clock.after(historyIntervalMs, record);
  };
  let recording: Timer | undefined;
  const source: AdminSource = {
    ...reads,
    ...commandsOf(parts),
    feed,
    history: () => history.all(),
    metrics: () => metrics.render(),
  };
  const link = createDashboardLink({
    clock,
    logger,
    home: engines.home,
    hasEngine: engines.engines.length > 0,
    inContainer: isInContainer(),
  });
  const servers: KeptAdmin[] = [];

  relay.sessions.on((records, dropped) => metrics.onSessions(records, dropped));
  loop.published.on(() => lag.published(clock.wallMs()));
  loop.catalogs.on(() => lag.unchanged());
  loop.catalogs.on(feedServices(feed));
  loop.catalogs.on(() => link.update());
  loop.changes.on((changes) => feedChanges(feed, changes));
  parts.activation.events.on(({ event, level, message, service, containerId }) =>
    feed.publish({ source: 'sealane', event, level, message, service: service ?? null, upstream: null, containerId }),
  );

  return {
    observerOf: (watched) => createEngineActivity({ feed, metrics, lag, clock, watched }),
    async serve() {
      if (settings.admin === 'off' && settings['admin-socket'] === undefined) return;
      const serving = { clock, logger, link, mostConnections: relay.files.adminConnections };
      for await (const server of serveAdminApi(source, settings, serving)) servers.push(server);
      record();
    },
    async close() {
      feed.stop();
      recording?.cancel();
      loopLag.stop();
      link.stop();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** All but what is made from the rest. */
type Reads = Omit<AdminReads, 'metrics' | 'history'>;

function readsOf(parts: AdminParts): Reads {
  const { clock, settings, engines, relay, loop, activation, standIns, readiness, explainer } = parts;
  const { plane } = relay;
  return {
    clock,
    facts: {
      version,
      startedAtMs: clock.wallMs(),
      driver: relay.driver,
      workers: settings.workers,
      swaps: settings.swaps === 'on',
    },
    readiness: readiness.now,
    engines: () => engines.engines.map((one) => stateOf(one, engines.twinOf(one))),
    swarm: () => swarmStateOf(engines, settings['label-prefix']),
    names: parts.index.names,
    catalog: loop.catalog,
    listeners: () => relay.listeners.all,
    totals: () => plane.counters.totals(),
    upstream: (key) => figuresOf(plane, key),
    service: (name) => plane.counters.service(name),
    leasesOf: (service) => standIns.leasesOf(service),
    swapsTaken: () => standIns.taken,
    held: (service) => plane.counters.held(service),
    rests: () => activation.figures(),
    failures: (service) => relay.failures.of(service),
    listSessions: (filter) => plane.listSessions(filter),
    recentSessions: (filter) => relay.recentSessions.list(filter),
    explain: explainer.explain,
  };
}

function stateOf({ name, engine, snapshot }: WatchedEngine, twinOf: string | undefined): EngineState {
  const { status, containers, vantage } = snapshot();
  const actions = [...(engine.actions?.allowed ?? [])];
  const joined = (vantage?.ownNetwork?.attachments ?? []).filter((one) => one.joined).map((one) => one.name);
  return { name, endpoint: printable(engine.endpoint), status, twinOf, containers: containers.size, actions, joined };
}

function swarmStateOf({ engines, isTwin, swarm }: EngineSource, labelPrefix: string): ApiSwarm | undefined {
  const view = swarm();
  const shown = viewSwarm(view, standingsOf(engines.filter((one) => !isTwin(one))), labelPrefix);
  if (!shown) return undefined;
  const { nodes, services, tasks } = view?.snapshot ?? {};
  const counts = { nodes: nodes?.size ?? 0, services: services?.size ?? 0, tasks: tasks?.size ?? 0 };
  return { state: shown.state, text: shown.text, ...counts };
}

function commandsOf({ overrides, standIns, swaps, activation, relay, inEffect }: AdminParts): AdminCommands {
  return {
    async override(key, change) {
      overrides.set(key, change);
      await inEffect();
    },
    closeSessionsOf: (key) => relay.plane.closeSessionsOf(key),
    async rest(service, what) {
      const answer = activation[what](service);
      if (answer.kind === 'done') await inEffect();
      return answer;
    },
    swap: (asked) => swaps.take(asked),
    giveBack: (service, id) => swaps.giveBack(service, id),
    wasGivenBack: (service, id) => standIns.wasGivenBack(service, id),
  };
}

function metricsInput(
  reads: Reads,
  feed: EventFeed,
  { counters }: Plane,
  loopLag: LoopLag,
): Omit<MetricsInput, 'lostLogLines'> {
  return {
    ...reads,
    feed,
    refused: () => counters.totals().refused,
    dials() {
      const { dialHistogram, dialMs } = counters.all();
      return { boundsMs: dialBucketsMs, counts: dialHistogram, sumMs: dialMs };
    },
    lags: () => ({
      control: loopLag.lastMs,
      ...Object.fromEntries(counters.lags().map((lagMs, worker) => [`relay-${worker}`, lagMs])),
    }),
  };
}

function figuresOf({ counters }: Plane, key: string): UpstreamTraffic | undefined {
  const totals = counters.upstream(key);
  const dials = counters.dials(key);
  if (!totals || !dials) return undefined;
  return { ...totals, dialP50Ms: quantileOf(dials, 0.5), dialP99Ms: quantileOf(dials, 0.99) };
}

function readStats({ clock, relay: { plane, failures }, loop }: AdminParts): StatsEvent {
  const services: StatsEvent['services'] = {};
  for (const name of loop.catalog().services.keys()) {
    const { active, sessions, bytesUp, bytesDown } = plane.counters.service(name);
    const held = plane.counters.held(name);
    services[name] = { active, held, sessions, bytesUp, bytesDown, failures: failures.of(name) };
  }
  const { accepted, open, held } = plane.counters.totals();
  return { at: new Date(clock.wallMs()).toISOString(), accepted, open, held, services };
}

/** Tells subscribers of the feed which services differ from one catalog to the next. */
function feedServices(feed: EventFeed): (catalog: Catalog) => void {
  let before = emptyCatalog;
  return (catalog) => {
    if (feed.subscribers > 0) feed.servicesChanged(differences(before, catalog));
    before = catalog;
  };
}

function feedChanges(feed: EventFeed, changes: readonly Change[]): void {
  for (const { level, event, message, service, upstream } of changes) {
    const entry = { source: 'sealane', event, level, message, containerId: null } as const;
    feed.publish({ ...entry, service: service ?? null, upstream: upstream ?? null });
  }
}

function differences(before: Catalog, after: Catalog): ServicesEvent {
  const changed = [...after.services].flatMap(([name, service]) =>
    before.services.get(name) === service ? [] : [name],
  );
  const removed = [...before.services.keys()].filter((name) => !after.services.has(name));
  return { changed, removed, problemsChanged: !isDeepStrictEqual(before.problems, after.problems) };
}
