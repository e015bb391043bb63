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

/** One service's declarations and what they came to; valid for as long as the declarations are the same objects. */
interface Draft {
  readonly group: readonly Declaration[];
  readonly intent: ServiceIntent;
  readonly owners: ReadonlyMap<Route, Declarer>;
  readonly problems: readonly Problem[];
}

/**
 * A merger remembers each service's draft: of five thousand containers one has changed, mostly, and the intents of all
 * other services stay the same objects.
 */
export function createMerger(): (declarations: readonly Declaration[]) => Merged {
  let drafts = new Map<string, Draft>();
  return (declarations) => {
    const next = new Map<string, Draft>();
    for (const [name, group] of Map.groupBy(declarations, (one) => one.service)) {
      const known = drafts.get(name);
      next.set(name, known && isSameList(known.group, group) ? known : draft(name, group));
    }
    drafts = next;
    return settle([...next.values()].toSorted((a, b) => (a.intent.name < b.intent.name ? -1 : 1)));
  };
}

export function mergeDeclarations(declarations: readonly Declaration[]): Merged {
  return createMerger()(declarations);
}

function draft(name: string, unsorted: readonly Declaration[]): Draft {
  const group = unsorted.toSorted(compare);
  const owners = uniqueRoutes(group);
  return {
    group: unsorted,
    owners,
    problems: differences(name, group),
    intent: {
      name,
      routes: [...owners.keys()],
      pool: newestOf(group).pool,
      upstreams: uniqueUpstreams(group),
      declarers: [...new Set(group.map((one) => one.declaredBy))],
    },
  };
}

function settle(drafts: readonly Draft[]): Merged {
  const problems: Problem[] = [];
  const byPort = new Map<number, Claim[]>();
  for (const { intent, owners, problems: own } of drafts) {
    problems.push(...own);
    for (const [route, declarer] of owners) {
      const claim: Claim = { route, service: intent.name, declarer };
      const rivals = byPort.get(route.port);
      if (rivals) rivals.push(claim);
      else byPort.set(route.port, [claim]);
    }
  }
  const lost = settleClaims(byPort.values(), problems);
  const services = drafts.map(({ intent }) =>
    lost.size > 0 && intent.routes.some((route) => lost.has(route))
      ? { ...intent, routes: intent.routes.filter((route) => !lost.has(route)) }
      : intent,
  );
  return { services, problems };
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** Of a group that is sorted and, as all groups, not empty. */
function newestOf(group: readonly Declaration[]): Declaration {
  const newest = group.at(-1);
  if (!newest) throw new RangeError('a service without declarations');
  return newest;
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

function differences(service: string, group: readonly Declaration[]): Problem[] {
  const newest = newestOf(group);
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

/** The most senior claim on an address keeps it; returns the routes that lost. `byPort`: only those can be rivals. */
function settleClaims(byPort: Iterable<readonly Claim[]>, problems: Problem[]): Set<Route> {
  const lost = new Set<Route>();
  for (const claims of byPort) {
    if (claims.length === 1) continue;
    const kept: Claim[] = [];
    const ordered = claims.toSorted((a, b) => bySeniority(a.declarer, b.declarer) || (a.service < b.service ? -1 : 1));
    for (const claim of ordered) {
      const holder = kept.find((other) => overlap(other.route, claim.route));
      if (!holder) {
        kept.push(claim);
        continue;
      }
      lost.add(claim.route);
      // Two addresses of one service that overlap are one listener to its clients: nothing is lost.
      if (holder.service !== claim.service) problems.push(conflict(claim, holder));
    }
  }
  return lost;
}

function conflict(claim: Claim, holder: Claim): Problem {
  return {
    code: 'listen-conflict',
    subject: claim.service,
    ...(claim.declarer.kind === 'container' ? { containerId: claim.declarer.id, route: claim.declarer.route } : {}),
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
