import { overlap } from '../address/address.ts';
import type { PublishedPort } from '../address/published.ts';
import { certificateMissing, type CertificateNames } from './certificates/missing.ts';
import { certificateShared } from './certificates/shared.ts';
import type { Claims, Seniority } from './claims.ts';
import { judgeCrashes, type Crash, type RestartedContainer } from './problems/crash-loops.ts';
import type { Exposure } from './exposure.ts';
import { mergeDeclarations, type Merged, type ServiceIntent } from './merge.ts';
import type { ContainerRun, Declaration, DeclaredUpstream, Declarer } from './declaration.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import type { Override } from './override.ts';
import type { Problem } from './problem.ts';
import { agree, selectorKey, withoutSelectors, type Route, type Selector } from './route.ts';
import { judgeServices } from './problems/service-problems.ts';
import type { StandIn } from './swap/stand-in.ts';
import { withoutStandIns } from './swap/stand-in.ts';
import { movedUpstreams, type Service, type ServiceRoute } from './service.ts';
import {
  nextUpstream,
  type Rest,
  type ServiceUpstream,
  type TriedAddress,
  type UpstreamInput,
  type Verdict,
} from './upstream.ts';

/**
 * The catalog is one immutable snapshot of all services, upstream states and problems. `nextCatalog` computes it from
 * the current state of the world and the previous catalog, which alone knows what is draining and what may return.
 */
export interface Catalog {
  readonly services: ReadonlyMap<string, Service>;
  readonly problems: readonly Problem[];
  /** As in the input: the published ports of Sealane's own container. */
  readonly publishedPorts?: readonly PublishedPort[] | undefined;
  /** Which compose project claimed each contested name first. */
  readonly seniority?: Seniority;
  /** As in the input. */
  readonly exposed?: readonly Exposure[];
  /** The containers that the engine restarted several times, by id. */
  readonly crashes?: ReadonlyMap<string, Crash>;
  /** When the catalog changes by the passing of time alone; undefined if it does not. */
  readonly nextDeadlineMs: number | undefined;
}

export const emptyCatalog: Catalog = { services: new Map(), problems: [], nextDeadlineMs: undefined };

export interface CatalogInput {
  readonly declarations: readonly Declaration[];
  /** Whether all that makes states of upstreams and routes is as it was: verdicts, overrides, rests, listeners. */
  readonly statesStay?: boolean;
  readonly problems: readonly Problem[];
  /** The containers that the engine restarted several times. */
  readonly restarted?: readonly RestartedContainer[];
  /** What became of containers whose labels don't say all; the same array while it is the same. */
  readonly exposed?: readonly Exposure[] | undefined;
  /** Whether this run of the container has not ended. */
  readonly isAlive: (run: ContainerRun) => boolean;
  /** The verdict that probes and dials led to. */
  readonly verdictOf: (upstreamKey: string) => Verdict | undefined;
  /** What the last probe found at each of several addresses; the same object until it finds something else. */
  readonly triedOf?: (upstreamKey: string) => readonly TriedAddress[] | undefined;
  /** The override that an operator set. */
  readonly overrideOf?: (upstreamKey: string) => Override | undefined;
  /** The stand-in that takes the place of a service's upstreams; the same object while it does. */
  readonly standInOf?: (service: string) => StandIn | undefined;
  /** What is being done about the sleep of a container. */
  readonly restOf?: (containerId: string) => Rest | undefined;
  /** The status of each listener that the relay was told to open, by listen address. */
  readonly listeners: ReadonlyMap<string, ListenerStatus>;
  /** The published ports of Sealane's own container; undefined where its ports are the host's, or not known yet. */
  readonly publishedPorts?: readonly PublishedPort[] | undefined;
  /** The names of the certificates for TLS clients; undefined while they are unknown. */
  readonly certificates?: readonly CertificateNames[];
}

/**
 * A caller that computes one catalog after the other passes a `merge` that remembers: with it a service that did not
 * change stays the same object, and so does everything that is made of it.
 */
export function nextCatalog(
  previous: Catalog,
  input: CatalogInput,
  nowMs: number,
  merge: typeof mergeDeclarations = mergeDeclarations,
): Catalog {
  const declared = new Set(input.declarations.map(({ service }) => service));
  const merged = merge(input.declarations, {
    seniority: previous.seniority ?? new Map<string, Declarer>(),
    lingering: [...previous.services.values()].flatMap((service) =>
      declared.has(service.name) || lingersUntil(service, input, nowMs) <= nowMs ? [] : claimsOf(service),
    ),
  });
  const world: World = { ...input, moved: movedUpstreams(previous.services, merged.services) };
  const services = new Map<string, Service>();
  for (const intent of merged.services) {
    services.set(intent.name, nextService(previous.services.get(intent.name), intent, world, nowMs));
  }
  for (const service of previous.services.values()) {
    if (services.has(service.name)) continue;
    const leaving = nextUndeclared(service, world, nowMs);
    if (leaving) services.set(service.name, withoutTaken(leaving, merged));
  }
  const judged = judgeServices(services.values(), nowMs);
  const crashed = judgeCrashes(previous.crashes ?? new Map<string, Crash>(), input.restarted ?? [], nowMs);
  return {
    services,
    problems: [
      ...merged.problems,
      ...input.problems,
      ...judged.problems,
      ...crashed.problems,
      ...certificateProblems(services, input.certificates),
    ],
    publishedPorts: input.publishedPorts,
    exposed: input.exposed ?? [],
    seniority: merged.seniority,
    crashes: crashed.crashes,
    nextDeadlineMs: earlier(earlier(earliestDeadline(services), judged.nextDeadlineMs), crashed.nextDeadlineMs),
  };
}

function certificateProblems(
  services: ReadonlyMap<string, Service>,
  certificates: CatalogInput['certificates'],
): readonly Problem[] {
  if (!certificates) return [];
  return [
    ...certificateMissing(services.values(), certificates),
    ...certificateShared(services.values(), certificates),
  ];
}

/** The input, and the upstreams that left one service for another. */
type World = CatalogInput & { readonly moved: ReadonlyMap<string, ServiceUpstream> };

function nextService(previous: Service | undefined, intent: ServiceIntent, input: World, nowMs: number): Service {
  if (previous && isUnchanged(previous, intent, input, nowMs)) return previous;
  const standIn = input.standInOf?.(intent.name);
  const before = new Map(previous?.upstreams.map((one) => [one.declared.key, one]));
  const upstreams: ServiceUpstream[] = [];
  for (const upstream of wantedUpstreams(intent, standIn)) {
    const known = before.get(upstream.key) ?? input.moved.get(upstream.key);
    const next = nextUpstream(known, declaredInput(upstream, input), nowMs);
    before.delete(upstream.key);
    if (next) upstreams.push(next);
  }
  for (const left of before.values()) upstreams.push(...withdraw(left, input, nowMs));
  const { name, pool, declarers } = intent;
  const routes = withStatus(intent.routes, input);
  return { intent, name, routes, pool, declarers, upstreams, lingersUntilMs: undefined, ...(standIn && { standIn }) };
}

function wantedUpstreams(intent: ServiceIntent, standIn: StandIn | undefined): readonly DeclaredUpstream[] {
  return standIn ? [...intent.upstreams, standIn.upstream] : intent.upstreams;
}

/** Whether `nextService` would return an equal service: the declarations are the same, and every state stays. */
function isUnchanged(service: Service, intent: ServiceIntent, world: CatalogInput, nowMs: number): boolean {
  if (service.intent !== intent || service.lingersUntilMs !== undefined) return false;
  if (service.standIn !== world.standInOf?.(service.name)) return false;
  const wanted = wantedUpstreams(intent, service.standIn);
  // Upstreams beyond the declared ones are draining, and a drain may be over.
  if (service.upstreams.length !== wanted.length) return false;
  if (world.statesStay === true) return true;
  return (
    service.upstreams.every((upstream, index) => {
      const declared = wanted[index];
      if (!declared) return false;
      return nextUpstream(upstream, declaredInput(declared, world), nowMs) === upstream;
    }) && service.routes.every((route) => openPortOf(route.listen, world.listeners) === route.openPort)
  );
}

function declaredInput(upstream: DeclaredUpstream, world: CatalogInput): UpstreamInput {
  const { key, run, sleep } = upstream;
  const { verdictOf, overrideOf, triedOf, restOf } = world;
  const rest = run && sleep ? restOf?.(run.id) : undefined;
  return {
    kind: 'declared',
    upstream,
    verdict: verdictOf(key),
    override: overrideOf?.(key),
    tried: triedOf?.(key),
    rest,
  };
}

/**
 * The next state of a service that is no longer declared: it drains, and lingers if containers declared it. With a
 * stand-in it stays for as long as that does. A service whose upstreams all moved has another name now.
 */
function nextUndeclared(service: Service, input: World, nowMs: number): Service | undefined {
  const own = withoutStandIns(service.upstreams);
  const isRenamed = own.length > 0 && own.every(({ declared }) => input.moved.has(declared.key));
  if (isRenamed) return undefined;
  const standIn = input.standInOf?.(service.name);
  const upstreams = service.upstreams.flatMap((one) =>
    one.declared === standIn?.upstream
      ? (nextUpstream(one, declaredInput(standIn.upstream, input), nowMs) ?? [])
      : withdraw(one, input, nowMs),
  );
  const lingersUntilMs = lingersUntil(service, input, nowMs);
  const lingers = lingersUntilMs > nowMs;
  if (!lingers && upstreams.length === 0) return undefined;
  const routes = lingers ? withStatus(service.routes, input) : [];
  return { ...service, upstreams, lingersUntilMs, routes, standIn };
}

/** Infinity while a stand-in serves it. */
function lingersUntil(service: Service, { standInOf }: CatalogInput, nowMs: number): number {
  const { name, lingersUntilMs = Infinity, declarers, pool } = service;
  if (standInOf?.(name)) return Infinity;
  const fromContainers = declarers.some((one) => one.kind === 'container');
  return lingersUntilMs === Infinity ? nowMs + (fromContainers ? pool.holdMs : 0) : lingersUntilMs;
}

function withStatus(routes: readonly Route[], { listeners }: CatalogInput): ServiceRoute[] {
  return routes.map((route) => ({ ...route, openPort: openPortOf(route.listen, listeners) }));
}

function openPortOf(listen: string, listeners: CatalogInput['listeners']): number | undefined {
  const status = listeners.get(listen);
  return status?.kind === 'listening' ? status.port : undefined;
}

function withdraw(upstream: ServiceUpstream, input: World, nowMs: number): ServiceUpstream[] {
  const { run, key } = upstream.declared;
  if (input.moved.has(key)) return [];
  const died = run !== undefined && !input.isAlive(run);
  const next = nextUpstream(
    upstream,
    died ? { kind: 'died' } : { kind: 'withdrawn', reason: 'it was removed from the pool' },
    nowMs,
  );
  return next ? [next] : [];
}

/** What a service of a compose project claims while it lingers: its names stay its project's. */
function claimsOf({ name, routes, declarers: [oldest] }: Service): Claims[] {
  if (oldest?.kind !== 'container' || oldest.project === undefined) return [];
  const owners = new Map(routes.flatMap(({ selectors }) => selectors.map((selector) => [selector, oldest] as const)));
  return [{ service: name, routes, owners, lingers: true }];
}

/** A lingering service without a project does not keep a port, or a name on it, that another service wants now. */
function withoutTaken(service: Service, { services: present, lost }: Merged): Service {
  if (claimsOf(service).length > 0)
    return { ...service, routes: withoutSelectors(service.routes, (_route, selector) => lost.has(selector)) };
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
