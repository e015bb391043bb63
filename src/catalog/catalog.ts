import { overlap } from '../address/address.ts';
import { certificateMissing } from './certificate-missing.ts';
import { mergeDeclarations, type ServiceIntent } from './merge.ts';
import type { ContainerRun, Declaration, DeclaredUpstream } from './declaration.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import type { Override } from './override.ts';
import type { Problem } from './problem.ts';
import { agree, selectorKey, withoutSelectors, type Route, type Selector } from './route.ts';
import { judgeServices } from './service-problems.ts';
import type { Service, ServiceRoute } from './service.ts';
import { nextUpstream, type ServiceUpstream, type UpstreamInput, type Verdict } from './upstream.ts';

/**
 * The catalog: one immutable snapshot of all services, upstream states and problems. `nextCatalog` computes it from the
 * world as it is and the catalog before, which alone knows what is draining and what may come back.
 */
export interface Catalog {
  readonly services: ReadonlyMap<string, Service>;
  readonly problems: readonly Problem[];
  /** When the catalog changes by the mere passing of time; undefined: never. */
  readonly nextDeadlineMs: number | undefined;
}

export const emptyCatalog: Catalog = { services: new Map(), problems: [], nextDeadlineMs: undefined };

export interface CatalogInput {
  readonly declarations: readonly Declaration[];
  readonly problems: readonly Problem[];
  /** Whether this run of this container is still going. */
  readonly isAlive: (run: ContainerRun) => boolean;
  /** What probes and dials have found out. */
  readonly verdictOf: (upstreamKey: string) => Verdict | undefined;
  /** What operators asked for. */
  readonly overrideOf?: (upstreamKey: string) => Override | undefined;
  /** What the relay says of the listeners that it was told to open, by listen address. */
  readonly listeners: ReadonlyMap<string, ListenerStatus>;
  /** What TLS clients can be shown; undefined: nobody knows. */
  readonly certificates?: readonly { readonly names: readonly string[] }[];
}

/**
 * `merge`: one that remembers, for whoever computes one catalog after the other. A service that nothing concerned stays
 * the same object, and so does everything made of it.
 */
export function nextCatalog(
  previous: Catalog,
  input: CatalogInput,
  nowMs: number,
  merge: typeof mergeDeclarations = mergeDeclarations,
): Catalog {
  const merged = merge(input.declarations);
  const services = new Map<string, Service>();
  for (const intent of merged.services) {
    services.set(intent.name, nextService(previous.services.get(intent.name), intent, input, nowMs));
  }
  for (const service of previous.services.values()) {
    if (services.has(service.name)) continue;
    const leaving = nextUndeclared(service, input, nowMs);
    if (leaving) services.set(service.name, withoutTaken(leaving, merged.services));
  }
  const judged = judgeServices(services.values(), nowMs);
  return {
    services,
    problems: [
      ...merged.problems,
      ...input.problems,
      ...judged.problems,
      ...(input.certificates ? certificateMissing(services.values(), input.certificates) : []),
    ],
    nextDeadlineMs: earlier(earliestDeadline(services), judged.nextDeadlineMs),
  };
}

function nextService(
  previous: Service | undefined,
  intent: ServiceIntent,
  input: CatalogInput,
  nowMs: number,
): Service {
  if (previous && isUnchanged(previous, intent, input, nowMs)) return previous;
  const before = new Map(previous?.upstreams.map((one) => [one.declared.key, one]));
  const upstreams: ServiceUpstream[] = [];
  for (const upstream of intent.upstreams) {
    const next = nextUpstream(before.get(upstream.key), declaredInput(upstream, input), nowMs);
    before.delete(upstream.key);
    if (next) upstreams.push(next);
  }
  for (const left of before.values()) upstreams.push(...withdraw(left, input, nowMs));
  const { name, pool, declarers } = intent;
  const routes = withStatus(intent.routes, input);
  return { intent, name, routes, pool, declarers, upstreams, lingersUntilMs: undefined };
}

/** Whether `nextService` would come to the same: the same was declared, and every state would stay. */
function isUnchanged(service: Service, intent: ServiceIntent, world: CatalogInput, nowMs: number): boolean {
  if (service.intent !== intent || service.lingersUntilMs !== undefined) return false;
  // What is left over beside the declared ones is draining, and its time may be up.
  if (service.upstreams.length !== intent.upstreams.length) return false;
  return (
    service.upstreams.every((upstream, index) => {
      const declared = intent.upstreams[index];
      if (!declared) return false;
      return nextUpstream(upstream, declaredInput(declared, world), nowMs) === upstream;
    }) && service.routes.every((route) => openPortOf(route.listen, world.listeners) === route.openPort)
  );
}

function declaredInput(upstream: DeclaredUpstream, { verdictOf, overrideOf }: CatalogInput): UpstreamInput {
  return { kind: 'declared', upstream, verdict: verdictOf(upstream.key), override: overrideOf?.(upstream.key) };
}

/** A service that nothing declares any more: it drains, and lingers if it was containers that went away. */
function nextUndeclared(service: Service, input: CatalogInput, nowMs: number): Service | undefined {
  const upstreams = service.upstreams.flatMap((one) => withdraw(one, input, nowMs));
  const fromContainers = service.declarers.some((one) => one.kind === 'container');
  const lingersUntilMs = service.lingersUntilMs ?? nowMs + (fromContainers ? service.pool.holdMs : 0);
  const lingers = lingersUntilMs > nowMs;
  if (!lingers && upstreams.length === 0) return undefined;
  return { ...service, upstreams, lingersUntilMs, routes: lingers ? withStatus(service.routes, input) : [] };
}

function withStatus(routes: readonly Route[], { listeners }: CatalogInput): ServiceRoute[] {
  return routes.map((route) => ({ ...route, openPort: openPortOf(route.listen, listeners) }));
}

function openPortOf(listen: string, listeners: CatalogInput['listeners']): number | undefined {
  const status = listeners.get(listen);
  return status?.kind === 'listening' ? status.port : undefined;
}

function withdraw(upstream: ServiceUpstream, input: CatalogInput, nowMs: number): ServiceUpstream[] {
  const { run } = upstream.declared;
  const died = run !== undefined && !input.isAlive(run);
  const next = nextUpstream(
    upstream,
    died ? { kind: 'died' } : { kind: 'withdrawn', reason: 'it was taken out of the pool' },
    nowMs,
  );
  return next ? [next] : [];
}

/** A port, or a name on it, that somebody else wants now is not kept for a service that is away. */
function withoutTaken(service: Service, present: readonly ServiceIntent[]): Service {
  const rivals = present.flatMap(({ routes }) =>
    routes.filter((one) => service.routes.some((route) => overlap(one, route))),
  );
  if (rivals.length === 0) return service;
  const isTaken = (route: Route, selector: Selector): boolean =>
    rivals.some((rival) => overlap(rival, route) && takes(rival, route, selector));
  return { ...service, routes: withoutSelectors(service.routes, isTaken) };
}

function takes(rival: Route, route: Route, selector: Selector): boolean {
  if (rival.listen !== route.listen || !agree(rival, route)) return true;
  const key = selectorKey(selector);
  return rival.selectors.some((one) => selectorKey(one) === key);
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function earliestDeadline(services: ReadonlyMap<string, Service>): number | undefined {
  let earliest = Infinity;
  for (const service of services.values()) {
    if (service.lingersUntilMs !== undefined && service.routes.length > 0)
      earliest = Math.min(earliest, service.lingersUntilMs);
    for (const { state } of service.upstreams)
      if (state.kind === 'draining' && !state.over) earliest = Math.min(earliest, state.untilMs);
  }
  return earliest === Infinity ? undefined : earliest;
}
