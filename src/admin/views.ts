import type { Catalog } from '../catalog/catalog.ts';
import type { Service } from '../catalog/service.ts';
import { indexService, namesOf, type HealthPlan, type TaskTag } from '../catalog/declaration.ts';
import type { Explanation } from '../catalog/explain/explanation.ts';
import type { Problem } from '../catalog/problem.ts';
import { problemsByService } from '../catalog/problems-of.ts';
import { selectorNames } from '../catalog/route.ts';
import { stateOf } from '../catalog/service-state.ts';
import { withoutStandIns } from '../catalog/swap/stand-in.ts';
import { endpointsOf, inNaturalOrder, type ServiceUpstream } from '../catalog/upstream.ts';
import { formatAddress } from '../address/address.ts';
import { publishedAddresses, type PublishedPort } from '../address/published.ts';
import type { EngineStatus } from '../docker/engine-status.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import { printable } from '../text/printable.ts';
import { trafficFields } from './derived-fields.ts';
import { viewSleep } from './sleep-view.ts';
import { viewNames } from './names-view.ts';
import type {
  ApiExplanation,
  ApiProblem,
  ApiRoute,
  ApiService,
  ApiServices,
  ApiTraffic,
  ApiUpstream,
} from './schema.ts';
import { viewStandIns } from './stand-ins/views.ts';
import type { ApiEngine, ApiStatus } from './status-schema.ts';
import { noTraffic, type AdminReads, type EngineState } from './source.ts';

/**
 * Turns catalog, counters and sessions into the answers of the API.
 */
export function viewServices(source: AdminReads): ApiServices {
  const catalog = source.catalog();
  const problems = problemsByService(catalog);
  const toWall = wallClock(source);
  const services = [...catalog.services.values()].map((service) =>
    viewService(source, service, { problems: problems.get(service.name) ?? [], toWall }),
  );
  // Services are sorted already, except those that linger.
  services.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { at: isoOf(source.clock.wallMs()), status: viewStatus(source), services };
}

export function viewOneService(source: AdminReads, service: Service): ApiService {
  const problems = problemsByService(source.catalog()).get(service.name) ?? [];
  return viewService(source, service, { problems, toWall: wallClock(source) });
}

function viewService(
  source: AdminReads,
  service: Service,
  { problems, toWall }: { readonly problems: readonly Problem[]; readonly toWall: ToWall },
): ApiService {
  const { name, routes, pool, declarers, lingersUntilMs, upstreams } = service;
  const { kind, reason } = stateOf(service, problems.length);
  const listeners = source.listeners();
  const published = source.catalog().publishedPorts ?? [];
  return {
    name,
    state: kind,
    reason,
    routes: routes.map((route) => ({
      ...viewRoute(route, listeners.get(route.listen), published),
      web: viewWeb(route, service),
    })),
    balance: pool.balance,
    prefer: pool.prefer,
    holdMs: pool.holdMs,
    connectTimeoutMs: pool.connectTimeoutMs,
    idleTimeoutMs: pool.idleTimeoutMs ?? null,
    declaredBy: namesOf(declarers),
    lingersUntil: lingersUntilMs === undefined || lingersUntilMs === Infinity ? null : toWall(lingersUntilMs),
    standIns: viewStandIns(source, name),
    upstreams: inNaturalOrder(upstreams).map((upstream) => viewUpstream(source, upstream, toWall)),
    held: source.held(name),
    failures: source.failures(name),
    traffic: viewTraffic(source.service(name)),
    problems: problems.map((problem) => viewProblem(problem, [name])),
  };
}

function viewRoute(
  route: Service['routes'][number],
  status: ListenerStatus | undefined,
  ports: readonly PublishedPort[],
): Omit<ApiRoute, 'web'> {
  const { listen, host, port, openPort } = route;
  const selectors = selectorNames(route);
  const why = status?.kind === 'failed' ? `cannot be bound: ${status.code}` : 'is being opened';
  return {
    listen,
    selectors,
    names: selectors.map((selector) => (selector === 'default' ? 'rest' : selector)),
    open: openPort !== undefined,
    port: openPort ?? null,
    published: publishedAddresses({ host, port: openPort ?? port }, ports).map(formatAddress),
    reason: openPort === undefined ? why : null,
  };
}

/** HTTP is known by a host, which only HTTP has, or by the upstreams' checks; a pattern is nothing to open. */
function viewWeb({ selectors }: Service['routes'][number], { name, upstreams }: Service): ApiRoute['web'] {
  const own = withoutStandIns(upstreams);
  const isChecked = own.length > 0 && own.every(({ declared }) => declared.health.kind === 'http');
  const speakHttp = isChecked || name === indexService;
  return selectors.flatMap((selector): ApiRoute['web'] => {
    const scheme = selector.tls === 'terminate' ? 'https' : 'http';
    if (selector.kind === 'default') return speakHttp ? [{ scheme, host: null }] : [];
    return selector.kind === 'host' && !selector.pattern.startsWith('*.') ? [{ scheme, host: selector.pattern }] : [];
  });
}

function viewUpstream(source: AdminReads, upstream: ServiceUpstream, toWall: ToWall): ApiUpstream {
  const { declared, state, weight } = upstream;
  const traffic = source.upstream(declared.key);
  return {
    key: declared.key,
    name: declared.name,
    containerId: declared.run?.id ?? null,
    engine: declared.engine ?? null,
    task: viewTask(declared.task),
    endpoints: endpointsOf(upstream).map(formatAddress),
    way: declared.published?.because ?? null,
    state: state.kind,
    suspect: state.kind === 'unhealthy' && state.suspect,
    reason: state.reason,
    since: toWall(state.sinceMs),
    drainsUntil: state.kind === 'draining' && state.untilMs !== Infinity ? toWall(state.untilMs) : null,
    weight,
    declaredWeight: declared.weight,
    weightOverridden: weight !== declared.weight,
    drained: state.kind === 'draining' && state.untilMs === Infinity,
    backup: declared.backup,
    maxConnections: declared.maxConnections ?? null,
    sleep: declared.sleep ? { afterMs: declared.sleep.afterMs, mode: declared.sleep.mode } : null,
    health: viewHealth(declared.health),
    traffic: viewTraffic(traffic ?? noTraffic),
    dial: { count: traffic?.sessions ?? 0, p50Ms: rounded(traffic?.dialP50Ms), p99Ms: rounded(traffic?.dialP99Ms) },
  };
}

function viewTask(task: TaskTag | undefined): ApiUpstream['task'] {
  if (!task) return null;
  const { id, service, name, slot, node, desired } = task;
  return { id, service, name, slot: slot ?? null, node: node ?? null, desired: desired ?? null };
}

/** Rounds to microseconds, which is as precise as the histogram's buckets are. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1_000) / 1_000;
}

function viewHealth(plan: HealthPlan): string {
  return plan.kind === 'http' ? `http:${plan.path}` : plan.kind;
}

/** Leaves out the counters that are for the relay's own use. */
function viewTraffic(totals: ApiTraffic): ApiTraffic {
  return Object.fromEntries(trafficFields.map((field) => [field, totals[field]])) as ApiTraffic;
}

export function viewStatus(source: AdminReads): ApiStatus {
  const { facts } = source;
  const { ready, reason } = source.readiness();
  const engines = source.engines().map(viewEngine);
  const { accepted, open, held } = source.totals();
  const catalog = source.catalog();
  const problems = problemsByService(catalog);
  const services = { up: 0, degraded: 0, down: 0 };
  for (const service of catalog.services.values())
    services[stateOf(service, problems.get(service.name)?.length ?? 0).kind] += 1;
  return {
    version: facts.version,
    startedAt: isoOf(facts.startedAtMs),
    driver: facts.driver,
    workers: facts.workers,
    ready,
    readyReason: reason,
    engines,
    swarm: source.swarm() ?? null,
    names: viewNames(source.names(), catalog),
    engine: viewDeprecatedEngine(engines),
    sleep: viewSleep(source, catalog),
    accepted,
    open,
    held,
    services,
    problems: catalog.problems.length,
  };
}

function viewEngine({ name, endpoint, status, twinOf, containers, actions, joined }: EngineState): ApiEngine {
  const reason = twinOf === undefined ? reasonOf(status) : `it is engine ${twinOf}, given again: ignored`;
  const own = { actions: [...actions], joined: [...joined] };
  return { name: name ?? null, endpoint, state: status.kind, reason, containers, ...own };
}

function viewDeprecatedEngine(engines: readonly ApiEngine[]): ApiStatus['engine'] {
  const shown = engines.find(({ state }) => state !== 'connected') ?? engines[0];
  if (!shown) return { state: 'none', endpoint: null, reason: null };
  return { state: shown.state, endpoint: shown.endpoint, reason: shown.reason };
}

function reasonOf(engine: EngineStatus): string | null {
  if ('slow' in engine && engine.slow !== undefined) return engine.slow;
  return 'reason' in engine ? (engine.reason ?? null) : null;
}

export function viewProblems(catalog: Catalog): ApiProblem[] {
  const concerned = new Map<Problem, string[]>();
  for (const [service, problems] of problemsByService(catalog)) {
    for (const problem of problems) concerned.set(problem, [...(concerned.get(problem) ?? []), service]);
  }
  return catalog.problems.map((problem) => viewProblem(problem, concerned.get(problem) ?? []));
}

function viewProblem(problem: Problem, services: readonly string[]): ApiProblem {
  const { code, subject, containerId, label, route, listen, message, fix } = problem;
  return {
    code,
    subject,
    containerId: containerId ?? null,
    label: label === undefined ? null : printable(label),
    route: route ?? null,
    listen: listen ?? null,
    services: [...services],
    message,
    fix,
  };
}

export function viewExplanation(explanation: Explanation): ApiExplanation {
  const { subject, kind, verdict, cause, summary, next, suggestions, services, steps, problems, dialFailures } =
    explanation;
  return {
    subject,
    kind,
    verdict,
    cause,
    summary,
    next: next ?? null,
    suggestions: [...suggestions],
    services: [...services],
    steps: [...steps],
    problems: problems.map((problem) => viewProblem(problem, services)),
    dialFailures: dialFailures.map(({ atMs, upstream, error, count }) => ({ at: isoOf(atMs), upstream, error, count })),
  };
}

type ToWall = (monotonicMs: number) => string;

/** Converts the catalog's monotonic times to the time of day. */
function wallClock({ clock }: AdminReads): ToWall {
  const offsetMs = clock.wallMs() - clock.nowMs();
  // Thousands of upstreams may have become ready in the same few moments.
  const known = new Map<number, string>();
  return (monotonicMs) => {
    const wallMs = Math.round(offsetMs + monotonicMs);
    const text = known.get(wallMs) ?? isoOf(wallMs);
    known.set(wallMs, text);
    return text;
  };
}

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
