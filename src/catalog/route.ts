import { formatAddress, type Address } from '../address/address.ts';
import type { Name, TlsMode } from '../relay/boundary/table.ts';
import { decide, type Decision, type Difference, type Vote } from './consensus.ts';
import { decideProxies, haveAccessLists } from './proxies.ts';
import { bySeniority, type Declaration, type Declarer, type RouteMatch } from './declaration.ts';

/**
 * Routes lead clients to a service: its listen addresses, and the service's names on each. Pure.
 */
export interface Route extends Address, Pick<RouteMatch, 'acceptProxy' | 'sniffTimeoutMs'> {
  /** The route's address as text, which is also the listener's key. */
  readonly listen: string;
  /** The clients of at least one replica speak Postgres. */
  readonly postgres: boolean;
  /** Tell the route's clients from those of other services on the same address; never empty. */
  readonly selectors: readonly Selector[];
}

export type Selector =
  | (Name & { readonly tls: TlsMode })
  /** Clients that ask for no name, or for one that no other route of the address has. */
  | { readonly kind: 'default'; readonly tls: TlsMode };

/** The owner of each selector: the most senior declarer that declared it. */
export type Owners = ReadonlyMap<Selector, Declarer>;

/** `group` has the declarations of one service, senior ones first. */
export function routesOf(group: readonly Declaration[]): {
  readonly routes: readonly Route[];
  readonly owners: Owners;
  /** What the declarations disagree on: options of a whole address, or of one name on it. */
  readonly differences: readonly Difference[];
  /** The proxies that may not connect, since only some declarations trust them. */
  readonly disputedProxies: readonly string[];
} {
  const owners = new Map<Selector, Declarer>();
  const dissent: Dissent = new Map();
  const isRestricted = haveAccessLists(group);
  const disputedProxies: string[] = [];
  const routes = [...Map.groupBy(group, listenOf)].map(([listen, here]): Route => {
    const [{ listen: address }] = here as [Declaration];
    const proxies = votesOf(here, 'acceptProxy');
    const decision = decideOption('accept-proxy', proxies, dissent);
    const { trusted, disputed } = decideProxies(decision, proxies, isRestricted);
    disputedProxies.push(...disputed);
    return {
      listen,
      host: address.host,
      port: address.port,
      selectors: decideSelectors(here, owners, dissent),
      acceptProxy: trusted,
      postgres: here.some(speaksPostgres),
      sniffTimeoutMs: decideOption('sniff-timeout', votesOf(here, 'sniffTimeoutMs'), dissent).value,
    };
  });
  const differences = [...dissent].map(([option, dissenters]) => ({
    option,
    restricts: option === 'accept-proxy' && isRestricted,
    dissenters,
  }));
  return { routes, owners, differences, disputedProxies };
}

/** Postgres' port (IANA). */
const postgresPort = 5_432;

function speaksPostgres({ match: { protocol }, upstream }: Declaration): boolean {
  if (protocol !== 'auto') return protocol === 'postgres';
  return upstream?.endpoints.some(({ port }) => port === postgresPort) ?? false;
}

/** The declarers that differ from the others, by option. */
type Dissent = Map<string, readonly Declarer[]>;

/** A service has the names of all its replicas. */
function decideSelectors(here: readonly Declaration[], owners: Map<Selector, Declarer>, dissent: Dissent): Selector[] {
  const votes = here.flatMap(({ match, declaredBy }) =>
    selectorsOf(match).map((value): Vote<Selector> => ({ by: declaredBy, value })),
  );
  return [...Map.groupBy(votes, ({ value }) => selectorKey(value)).values()].map((same) => {
    const [{ by: owner }] = same as [Vote<Selector>];
    const { value: tls } = decideOption(
      'tls',
      same.map(({ by, value }) => ({ by, value: value.tls })),
      dissent,
    );
    // Kind and TLS mode come from one declaration: a kind with the mode of another would be another name.
    const { value: selector } = same.findLast(({ value }) => value.tls === tls) as Vote<Selector>;
    owners.set(selector, owner);
    return selector;
  });
}

function votesOf<Field extends keyof RouteMatch>(
  here: readonly Declaration[],
  field: Field,
): Vote<RouteMatch[Field]>[] {
  return here.map(({ match, declaredBy }) => ({ by: declaredBy, value: match[field] }));
}

function decideOption<T>(option: string, votes: readonly Vote<T>[], dissent: Dissent): Decision<T> {
  const decision = decide(votes);
  const { dissenters } = decision;
  if (dissenters.length > 0) dissent.set(option, [...(dissent.get(option) ?? []), ...dissenters]);
  return decision;
}

export function selectorsOf({ names, tls }: RouteMatch): readonly Selector[] {
  return names.length === 0 ? [{ kind: 'default', tls }] : names.map((name) => ({ ...name, tls }));
}

/** Drops selectors from routes, and routes that have no selector left. */
export function withoutSelectors<R extends Route>(
  routes: readonly R[],
  drop: (route: R, selector: Selector) => boolean,
): readonly R[] {
  return routes.flatMap((route) => {
    const selectors = route.selectors.filter((selector) => !drop(route, selector));
    if (selectors.length === route.selectors.length) return [route];
    return selectors.length === 0 ? [] : [{ ...route, selectors }];
  });
}

/** Orders senior declarations first, so that no result depends on the order in which they were found. */
export function compareDeclarations(a: Declaration, b: Declaration): number {
  return (
    bySeniority(a.declaredBy, b.declaredBy) ||
    compareText(listenOf(a), listenOf(b)) ||
    // Two routes of one container may have the same address.
    compareText(contentOf(a), contentOf(b))
  );
}

function contentOf({ match, pool, upstream }: Declaration): string {
  return JSON.stringify([match, pool, upstream?.key]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

export function listenOf({ listen }: Declaration): string {
  return formatAddress(listen);
}

/**
 * Selectors with the same key conflict. Where Sealane terminates TLS, clients ask for an HTTP host as a server name.
 */
export function selectorKey(selector: Selector): string {
  const asServerName = selector.kind === 'host' && selector.tls === 'terminate';
  return asServerName ? `sni ${selector.pattern}` : selectorName(selector);
}

/** The selector for people: `host api.localhost` or `default`. */
export function selectorName(selector: Selector): string {
  return selector.kind === 'default' ? 'default' : `${selector.kind} ${selector.pattern}`;
}

/** The address and selector for people: `127.0.0.1:80`, or with a name `127.0.0.1:80 (host api.localhost)`. */
export function describeSelector(listen: string, selector: Selector): string {
  return selector.kind === 'default' ? listen : `${listen} (${selectorName(selector)})`;
}

/** The selectors of a route for people and the API; empty for a service that gets all clients of its address. */
export function selectorNames({ selectors }: Pick<Route, 'selectors'>): string[] {
  return selectors.every(({ kind }) => kind === 'default') ? [] : selectors.map(selectorName);
}

/** Whether two routes can share a listener: their clients send PROXY headers from the same proxies, or none. */
export function agree(a: Route, b: Route): boolean {
  return a === b || sameProxies(a.acceptProxy, b.acceptProxy);
}

function sameProxies(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set(a).isSubsetOf(new Set(b));
}
