import { plainListener, type ListenerSpec, type NameSpec } from '../relay/boundary/table.ts';
import type { Service, ServiceRoute } from './service.ts';

/**
 * Makes the listeners of the routing table: one for each address, with the routes of all its services. Pure.
 */
interface ServedRoute {
  readonly service: string;
  readonly route: ServiceRoute;
}

/** A writer returns the same listener object while the routes of its address stay the same. */
export function createListenerWriter(explainNames: boolean): (services: Iterable<Service>) => ListenerSpec[] {
  let written = new Map<string, { readonly routes: readonly ServedRoute[]; readonly spec: ListenerSpec }>();
  return (services) => {
    const next: typeof written = new Map();
    for (const [listen, routes] of Map.groupBy(servedRoutes(services), ({ route }) => route.listen)) {
      const known = written.get(listen);
      next.set(
        listen,
        known && isSame(known.routes, routes) ? known : { routes, spec: toListener(listen, routes, explainNames) },
      );
    }
    written = next;
    return [...written.values()].map(({ spec }) => spec);
  };
}

function* servedRoutes(services: Iterable<Service>): Generator<ServedRoute> {
  for (const { name, routes } of services) for (const route of routes) yield { service: name, route };
}

function isSame(a: readonly ServedRoute[], b: readonly ServedRoute[]): boolean {
  return a.length === b.length && a.every(({ route }, index) => route === b[index]?.route);
}

function toListener(listen: string, routes: readonly ServedRoute[], explainNames: boolean): ListenerSpec {
  // All routes have the same acceptProxy: claims gives the address only to routes that agree.
  const [{ host, port, acceptProxy }] = routes.map(({ route }) => route) as [ServiceRoute];
  const all = routes.flatMap(({ service, route }) => route.selectors.map((selector) => ({ ...selector, service })));
  const fallback = all.find(({ kind }) => kind === 'default');
  const timeoutsMs = routes.flatMap(({ route }) => route.sniffTimeoutMs ?? []);
  return {
    key: listen,
    host,
    port,
    service: fallback?.service,
    tls: fallback?.tls ?? plainListener.tls,
    names: all.filter((one) => one.kind !== 'default').toSorted(compareNames),
    acceptProxy: acceptProxy.length === 0 ? undefined : acceptProxy,
    sniffTimeoutMs: timeoutsMs.length === 0 ? plainListener.sniffTimeoutMs : Math.max(...timeoutsMs),
    postgres: routes.some(({ route }) => route.postgres),
    explainNames,
  };
}

/** A fixed order of names, which does not change when a service is removed and lingers. */
function compareNames(a: NameSpec, b: NameSpec): number {
  return `${a.kind} ${a.pattern}` < `${b.kind} ${b.pattern}` ? -1 : 1;
}
