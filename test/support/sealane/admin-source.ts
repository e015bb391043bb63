import { createEventFeed } from '../../../src/admin/event-feed.ts';
import { createMetrics, type Metrics } from '../../../src/admin/metrics/metrics.ts';
import type { ApiTraffic } from '../../../src/admin/schema.ts';
import type { SharedNames } from '../../../src/admin/names-view.ts';
import type { ApiSwarm } from '../../../src/admin/status-schema.ts';
import type { RestAnswer } from '../../../src/activation/activation.ts';
import type { AdminSource, AskedSwap, EngineState } from '../../../src/admin/source.ts';
import { emptyCatalog, nextCatalog, type Catalog, type CatalogInput } from '../../../src/catalog/catalog.ts';
import type { Declaration, DeclaredUpstream } from '../../../src/catalog/declaration.ts';
import { explain } from '../../../src/catalog/explain.ts';
import type { EngineView, ExplainWorld } from '../../../src/catalog/explain/world.ts';
import type { Override } from '../../../src/catalog/override.ts';
import { createStandIn, type StandInLease } from '../../../src/catalog/swap/stand-in.ts';
import type { Problem } from '../../../src/catalog/problem.ts';
import {
  refusals,
  type EndedFilter,
  type Failures,
  type LiveSession,
  type Refusal,
  type SessionFilter,
} from '../../../src/relay/boundary/report.ts';
import { RecentSessions } from '../../../src/telemetry/recent-sessions.ts';
import { declaredUpstream, plainMatch, plainPool } from '../declared.ts';
import { ManualClock } from '../manual-clock.ts';

/**
 * Builders for catalogs, inputs of explanations and sources of the admin API. A test names only what it is about.
 */
export function declare(
  service: string,
  upstream: DeclaredUpstream | undefined,
  { port = 8080, created = 0, id = upstream?.name ?? service } = {},
): Declaration {
  return {
    service,
    listen: { host: '127.0.0.1', port },
    match: plainMatch,
    pool: plainPool,
    upstream,
    declaredBy: { kind: 'container', id, name: id, createdAtMs: created, route: '' },
  };
}

export function catalogOf(declarations: readonly Declaration[], over: Partial<CatalogInput> = {}): Catalog {
  const listeners = new Map(
    declarations.map(({ listen: { host, port } }) => [`${host}:${port}`, { kind: 'listening', host, port } as const]),
  );
  const input = { declarations, problems: [], isAlive: () => true, verdictOf: () => undefined, listeners, ...over };
  return nextCatalog(emptyCatalog, input, 0);
}

export function problem(code: Problem['code'], subject: string, over: Partial<Problem> = {}): Problem {
  return { code, subject, message: `what ${code} means`, fix: `How to mend ${code}.`, ...over };
}

/** The only engine, which is watched. */
export function engineView(over: Partial<EngineView> = {}): EngineView {
  return {
    name: undefined,
    status: { kind: 'connected', apiVersion: '1.41' },
    synced: true,
    vantage: undefined,
    ...over,
  };
}

export function explainWorld(catalog: Catalog, over: Partial<ExplainWorld> = {}): ExplainWorld {
  return {
    catalog,
    nowMs: 0,
    labelPrefix: 'sealane',
    scope: 'all',
    project: undefined,
    engines: [engineView()],
    containers: () => [],
    containerOf: () => undefined,
    inspected: [],
    otherNames: [],
    listeners: new Map(),
    dialFailures: [],
    activeOf: () => 0,
    heldOf: () => 0,
    ...over,
  };
}

const traffic: ApiTraffic = {
  active: 1,
  sessions: 12,
  dials: 13,
  dialFailures: 1,
  retries: 1,
  bytesUp: 100,
  bytesDown: 2_000,
};

export interface TestSource extends AdminSource {
  readonly clock: ManualClock;
  readonly counted: Metrics;
  /** What was asked for, in order. */
  readonly asked: (readonly [key: string, what: Partial<Override> | 'close-sessions'])[];
}

const onlyEngine: EngineState = {
  name: undefined,
  endpoint: 'unix:///engine',
  status: { kind: 'connected', apiVersion: '1.41' },
  containers: 2,
  actions: [],
  joined: [],
};

export function adminSource(
  catalog: Catalog | (() => Catalog) = catalogOf([
    declare('shop/api', declaredUpstream('api-1')),
    declare('web', declaredUpstream('web-1'), { port: 8081 }),
  ]),
  {
    sessions = [] as readonly LiveSession[],
    ended = new RecentSessions(),
    feedOptions = {},
    engines = [onlyEngine] as readonly EngineState[],
    swarm = undefined as ApiSwarm | undefined,
    names = undefined as SharedNames | undefined,
    swaps = true,
  } = {},
): TestSource {
  const clock = new ManualClock();
  const current = typeof catalog === 'function' ? catalog : () => catalog;
  const asked: TestSource['asked'] = [];
  const leases: StandInLease[] = [];
  const givenBack = new Set<string>();
  const failures = (service: string): Failures => (service === 'web' ? { 'hold-expired': 2 } : {});
  const readStats = () => {
    const at = new Date(clock.wallMs()).toISOString();
    const services = Object.fromEntries(
      [...current().services.keys()].map((name) => [name, { ...traffic, held: 0, failures: failures(name) }]),
    );
    return { at, accepted: 1, open: 1, held: 0, services };
  };
  const base = {
    clock,
    asked,
    facts: { version: '1.2.3', startedAtMs: clock.wallMs(), driver: 'stream', workers: 1, swaps },
    readiness: () => ({ ready: true, reason: 'all was read' }),
    engines: () => engines,
    swarm: () => swarm,
    names: () => names,
    catalog: current,
    listeners: () => new Map(),
    totals: () => ({ accepted: 12, open: 1, held: 2 }),
    upstream: () => ({ ...traffic, dialP50Ms: 0.3, dialP99Ms: undefined }),
    service: () => traffic,
    held: (service: string) => (service === 'web' ? 2 : 0),
    leasesOf: (service: string) => leases.filter((one) => one.service === service),
    swapsTaken: () => leases.length,
    rests: () => ({ wakes: 3, wakeFailures: 1, sleeps: 4, wakeMs: 1_500, sleptMs: 60_000, memoryBytes: 120_000_000 }),
    failures,
    listSessions: ({ limit }: SessionFilter) =>
      Promise.resolve({
        sessions: sessions.slice(0, limit),
        total: sessions.length,
        complete: true,
      }),
    recentSessions: (filter: EndedFilter) => ended.list(filter),
    history: () => [readStats()],
    explain: (subject: string) => Promise.resolve(explain(subject, explainWorld(current()))),
    feed: createEventFeed({ clock, readStats, options: feedOptions }),
    override: async (key: string, change: Partial<Override>) => void asked.push([key, change]),
    closeSessionsOf: (key: string) => void asked.push([key, 'close-sessions']),
    rest: async (service: string): Promise<RestAnswer> => {
      if (service === 'web') return { kind: 'in-use', sessions: 2 };
      return { kind: 'done', containers: ['api-1'] };
    },
    swap: ({ shown, ...wanted }: AskedSwap) => {
      const standIn = createStandIn(
        wanted.service,
        { ...wanted, address: shown },
        { endpoints: [wanted.address], advice: 'Let it listen.' },
      );
      const lease = { service: wanted.service, standIn, takenAtMs: 0, untilMs: wanted.leaseMs };
      leases.push(lease);
      return Promise.resolve(wanted.address.host === 'nowhere' ? 'It is nowhere.' : lease);
    },
    async giveBack(service: string, id: string) {
      givenBack.add(`${service} ${id}`);
    },
    wasGivenBack: (service: string, id: string) => givenBack.has(`${service} ${id}`),
  };
  const counted = createMetrics({
    ...base,
    refused: () => Object.fromEntries(refusals.map((reason) => [reason, 0])) as Record<Refusal, number>,
    dials: () => ({ boundsMs: [1, 10], counts: [3, 2, 1], sumMs: 90 }),
    lags: () => ({ control: 1, 'relay-0': 2 }),
    lostLogLines: () => 0,
  });
  return { ...base, counted, metrics: () => counted.render() };
}
