import { formatAddress } from '../config/address.ts';
import {
  bySeniority,
  type Declaration,
  type DeclaredUpstream,
  type Declarer,
  type PoolOptions,
} from './declaration.ts';
import type { Problem } from './problem.ts';

/**
 * Merges declarations into services and settles who listens where. Pure, and independent of the order of its input.
 */
export interface Route {
  /** `host:port`, also the listener's key. */
  readonly listen: string;
  readonly host: string;
  readonly port: number;
}

/** What is wanted of one service, before any thought of what it was a moment ago. */
export interface ServiceIntent {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly pool: PoolOptions;
  readonly upstreams: readonly DeclaredUpstream[];
  /** Oldest first; never empty. */
  readonly declarers: readonly Declarer[];
}

export interface Merged {
  readonly services: readonly ServiceIntent[];
  readonly problems: readonly Problem[];
}

interface Claim {
  readonly route: Route;
  readonly service: string;
  readonly declarer: Declarer;
}

export function mergeDeclarations(declarations: readonly Declaration[]): Merged {
  const byService = Map.groupBy(declarations, (one) => one.service);
  const problems: Problem[] = [];
  const claims: Claim[] = [];
  const drafts: ServiceIntent[] = [];
  for (const name of [...byService.keys()].toSorted()) {
    const group = (byService.get(name) ?? []).toSorted(compare);
    const newest = group.at(-1);
    if (!newest) continue;
    problems.push(...differences(name, group, newest));
    const routes = uniqueRoutes(group);
    for (const [route, declarer] of routes) claims.push({ route, service: name, declarer });
    drafts.push({
      name,
      routes: [...routes.keys()],
      pool: newest.pool,
      upstreams: uniqueUpstreams(group),
      declarers: [...new Set(group.map((one) => one.declaredBy))],
    });
  }
  const lost = settleClaims(claims, problems);
  const services = drafts.map((draft) => ({ ...draft, routes: draft.routes.filter((route) => !lost.has(route)) }));
  return { services, problems };
}

function compare(a: Declaration, b: Declaration): number {
  return bySeniority(a.declaredBy, b.declaredBy) || (listenOf(a) < listenOf(b) ? -1 : 1);
}

function listenOf({ listen }: Declaration): string {
  return formatAddress(listen.host, listen.port);
}

/** Each listen address of the service, with its most senior declarer. */
function uniqueRoutes(group: readonly Declaration[]): Map<Route, Declarer> {
  const routes = new Map<string, Route>();
  const owners = new Map<Route, Declarer>();
  for (const one of group) {
    const listen = listenOf(one);
    if (routes.has(listen)) continue;
    const route: Route = { listen, host: one.listen.host, port: one.listen.port };
    routes.set(listen, route);
    owners.set(route, one.declaredBy);
  }
  return owners;
}

function uniqueUpstreams(group: readonly Declaration[]): DeclaredUpstream[] {
  const upstreams = new Map<string, DeclaredUpstream>();
  for (const { upstream } of group) if (upstream && !upstreams.has(upstream.key)) upstreams.set(upstream.key, upstream);
  return [...upstreams.values()];
}

const poolLabels: Readonly<Record<keyof PoolOptions, string>> = {
  balance: 'balance',
  holdMs: 'hold',
  connectTimeoutMs: 'connect-timeout',
  idleTimeoutMs: 'idle-timeout',
  rebalanceIdleMs: 'rebalance',
};

function differences(service: string, group: readonly Declaration[], newest: Declaration): Problem[] {
  const options = Object.keys(poolLabels) as (keyof PoolOptions)[];
  const differing = options.filter((option) => group.some((one) => one.pool[option] !== newest.pool[option]));
  if (differing.length === 0) return [];
  const labels = differing.map((option) => poolLabels[option]).join(', ');
  return [
    {
      code: 'labels-differ',
      subject: service,
      message: `its replicas disagree on ${labels}; the newest, ${nameOf(newest.declaredBy)}, decides`,
      fix: 'Recreate the older replicas with the same labels.',
    },
  ];
}

/** The most senior claim on an address keeps it; returns the routes that lost. */
function settleClaims(claims: readonly Claim[], problems: Problem[]): Set<Route> {
  const lost = new Set<Route>();
  const kept = new Map<number, Claim[]>();
  const ordered = claims.toSorted((a, b) => bySeniority(a.declarer, b.declarer) || (a.service < b.service ? -1 : 1));
  for (const claim of ordered) {
    const onPort = kept.get(claim.route.port) ?? [];
    const holder = onPort.find((other) => overlap(other.route, claim.route));
    if (!holder) {
      kept.set(claim.route.port, [...onPort, claim]);
      continue;
    }
    lost.add(claim.route);
    // Two addresses of one service that overlap are one listener to its clients: nothing is lost.
    if (holder.service !== claim.service) problems.push(conflict(claim, holder));
  }
  return lost;
}

function conflict(claim: Claim, holder: Claim): Problem {
  return {
    code: 'listen-conflict',
    subject: claim.service,
    ...(claim.declarer.kind === 'container' ? { containerId: claim.declarer.id } : {}),
    message:
      `${nameOf(claim.declarer)} wants ${claim.route.listen} for ${claim.service}, ` +
      `but ${nameOf(holder.declarer)} has ${holder.route.listen} for ${holder.service}`,
    fix: `Give ${claim.service} another listen address, or both the same pool.`,
  };
}

function overlap(a: Route, b: Route): boolean {
  if (a.port !== b.port) return false;
  if (a.port === 0) return a.listen === b.listen;
  return (
    a.host === b.host || a.host === '::' || b.host === '::' || (isAnyV4(a) && !isV6(b)) || (isAnyV4(b) && !isV6(a))
  );
}

function isAnyV4({ host }: Route): boolean {
  return host === '0.0.0.0';
}

function isV6({ host }: Route): boolean {
  return host.includes(':');
}

/** For problems and log lines. */
export function nameOf(declarer: Declarer): string {
  return declarer.kind === 'container' ? declarer.name : 'the configuration';
}

export { overlap as routesOverlap };
