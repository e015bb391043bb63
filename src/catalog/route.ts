import { formatAddress, type Address } from '../address/address.ts';
import type { Name, TlsMode } from '../relay/boundary/table.ts';
import { bySeniority, type Declaration, type Declarer, type RouteMatch } from './declaration.ts';

/**
 * How clients reach a service: its listen addresses, and on each the names it has there. Pure.
 */
export interface Route extends Address, Pick<RouteMatch, 'acceptProxy' | 'sniffTimeoutMs'> {
  /** Its address as text, which is also the listener's key. */
  readonly listen: string;
  /** How its clients are told from those of other services on the same address; never empty. */
  readonly selectors: readonly Selector[];
}

export type Selector =
  | (Name & { readonly tls: TlsMode })
  /** Clients that ask for no name, or for one that no other route of the address has. */
  | { readonly kind: 'default'; readonly tls: TlsMode };

/** Whose declaration it goes back to: the most senior one that asked for it. */
export type Owners = ReadonlyMap<Selector, Declarer>;

/** `group`: one service's declarations, the senior ones first. The newest decides where they disagree. */
export function routesOf(group: readonly Declaration[]): {
  readonly routes: readonly Route[];
  readonly owners: Owners;
} {
  const owners = new Map<Selector, Declarer>();
  const routes = [...Map.groupBy(group, listenOf)].map(([listen, here]): Route => {
    const selectors = new Map<string, { readonly selector: Selector; readonly owner: Declarer }>();
    for (const { match, declaredBy } of here) {
      for (const selector of selectorsOf(match)) {
        const key = selectorKey(selector);
        selectors.set(key, { selector, owner: selectors.get(key)?.owner ?? declaredBy });
      }
    }
    for (const { selector, owner } of selectors.values()) owners.set(selector, owner);
    const { listen: address, match } = here.at(-1) as Declaration;
    return {
      listen,
      host: address.host,
      port: address.port,
      selectors: [...selectors.values()].map(({ selector }) => selector),
      acceptProxy: match.acceptProxy,
      sniffTimeoutMs: match.sniffTimeoutMs,
    };
  });
  return { routes, owners };
}

export function selectorsOf({ names, tls }: RouteMatch): readonly Selector[] {
  return names.length === 0 ? [{ kind: 'default', tls }] : names.map((name) => ({ ...name, tls }));
}

/** A route without any selector is none. */
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

/** Senior declarations first, so that nothing depends on the order in which they were found. */
export function compareDeclarations(a: Declaration, b: Declaration): number {
  return (
    bySeniority(a.declaredBy, b.declaredBy) ||
    compareText(listenOf(a), listenOf(b)) ||
    // Two routes of one container may have one address.
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

/** What it takes for itself: where Sealane ends TLS, an HTTP host is asked for as a server name. */
export function selectorKey(selector: Selector): string {
  const asServerName = selector.kind === 'host' && selector.tls === 'terminate';
  return asServerName ? `sni ${selector.pattern}` : selectorName(selector);
}

/** For people: `host api.localhost`, `default`. */
export function selectorName(selector: Selector): string {
  return selector.kind === 'default' ? 'default' : `${selector.kind} ${selector.pattern}`;
}

/** For people: `127.0.0.1:80`, or with a name `127.0.0.1:80 (host api.localhost)`. */
export function describeSelector(listen: string, selector: Selector): string {
  return selector.kind === 'default' ? listen : `${listen} (${selectorName(selector)})`;
}

/** In the API: `host api.localhost`, `rest` for the default; none for a service that gets all clients of its address. */
export function namesOf({ selectors }: Pick<Route, 'selectors'>): string[] {
  return selectors.every(({ kind }) => kind === 'default') ? [] : selectors.map(apiName);
}

function apiName(selector: Selector): string {
  return selector.kind === 'default' ? 'rest' : selectorName(selector);
}

/** Whether clients of one listener begin alike: with the header of a proxy, or without. */
export function agree(a: Route, b: Route): boolean {
  return a === b || sameProxies(a.acceptProxy, b.acceptProxy);
}

function sameProxies(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set(a).isSubsetOf(new Set(b));
}
