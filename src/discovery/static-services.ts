import type { Declaration, DeclaredUpstream } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { formatAddress, leadsTo } from '../address/address.ts';
import type { ListenRange } from '../address/listen.ts';
import type { NamesRules } from '../config/names/settings.ts';
import type { Name } from '../relay/boundary/table.ts';
import type { StaticService, StaticUpstream } from '../config/static-service.ts';
import type { Discovery } from './discover.ts';
import { expandListen, type ExpandedListen } from './expand-listen.ts';
import { nameOfRoute } from './names/name-of.ts';
import { matchesOn } from './names/named-route.ts';
import { healthPlan, matchOf, poolOf, upstreamOf } from './options.ts';

/**
 * Declares the services of the configuration file and the command line. Pure: the addresses of names are passed in.
 */
/** The current addresses of a host name. */
export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'pending' };

interface ListenRules {
  /** The address of listeners that have only a port. */
  readonly bind: string;
  /** How services are named that have no listen address; undefined where none are. */
  readonly names?: NamesRules | undefined;
}

const defaultDrainMs = 10_000;
const running = { kind: 'running', health: 'none' } as const;

export function declareStatic(
  services: readonly StaticService[],
  resolutions: ReadonlyMap<string, Resolution>,
  { bind, names }: ListenRules,
): Omit<Discovery, 'restarted'> {
  const declarations: Declaration[] = [];
  const unresolved = new Map<string, Problem>();
  const loops: Problem[] = [];
  services.forEach((service, position) => {
    const declaredBy = { kind: 'static', position } as const;
    const match = matchOf(service.options);
    const matches = names && service.listen.length === 0 ? matchesOn(names, match, namesOf(service, names)) : [];
    for (const expanded of expandListen(service.name, listenOf(service, names), bind)) {
      const shared = { service: expanded.service, pool: poolOf(service.options), declaredBy } as const;
      const upstreams = service.upstreams.map((written) => {
        const upstream = toUpstream(service, written, expanded, resolutions);
        if (!upstream || !isLoop(upstream, expanded)) return upstream;
        loops.push(comesBack(expanded.service, upstream.name));
        return undefined;
      });
      for (const [index, listen] of expanded.addresses.entries()) {
        const on = { ...shared, listen, match: matches[index] ?? match };
        // A service without upstreams is still declared: its clients wait until the file has one.
        if (upstreams.length === 0) declarations.push({ ...on, upstream: undefined });
        for (const upstream of upstreams) declarations.push({ ...on, upstream });
      }
    }
    for (const { target } of service.upstreams) {
      const resolution = resolutions.get(target.host);
      if (resolution?.kind === 'failed')
        unresolved.set(target.host, cannotResolve(service.name, target.host, resolution.reason));
    }
  });
  return { declarations, problems: [...unresolved.values(), ...loops] };
}

/** Whether the services have the upstream with this key, whatever the current addresses of its name are. */
export function isConfigured(services: readonly StaticService[], { bind, names }: ListenRules, key: string): boolean {
  return services.some((one) =>
    expandListen(one.name, listenOf(one, names), bind).some(({ service, portOffset }) =>
      one.upstreams.some(({ target }) =>
        key.startsWith(keyPrefix(service, formatAddress({ host: target.host, port: target.port + portOffset }))),
      ),
    ),
  );
}

/** A service that names no address of its own is served where names are. */
function listenOf({ listen }: StaticService, names: NamesRules | undefined): readonly ListenRange[] {
  return listen.length > 0 || !names ? listen : names.listen.map((one) => ({ ...one, count: 1 }));
}

/** The names that it declares, else the one that the template makes of `shop/api`: service `api` of project `shop`. */
function namesOf({ name, options }: StaticService, { template }: NamesRules): Name[] {
  const slash = name.lastIndexOf('/');
  const [service, project] = [name.slice(slash + 1), slash < 0 ? '' : name.slice(0, slash)];
  const identity = { service, project, container: service, engine: '', route: '' };
  return (options.host ?? [nameOfRoute(template, identity)]).map((pattern) => ({ kind: 'host', pattern }));
}

function keyPrefix(service: string, upstream: string): string {
  return `static/${service}/${upstream}/`;
}

function toUpstream(
  { options }: StaticService,
  { target, weight }: StaticUpstream,
  { service, portOffset }: ExpandedListen,
  resolutions: ReadonlyMap<string, Resolution>,
): DeclaredUpstream | undefined {
  const resolution = resolutions.get(target.host);
  if (resolution?.kind !== 'resolved' || resolution.addresses.length === 0) return undefined;
  const port = target.port + portOffset;
  const name = formatAddress({ host: target.host, port });
  return {
    // The key has the addresses: when they change, the processes are others. Their order has no meaning.
    key: `${keyPrefix(service, name)}${resolution.addresses.toSorted().join(',')}`,
    run: undefined,
    name,
    endpoints: resolution.addresses.map((host) => ({ host, port })),
    ...upstreamOf(options),
    weight,
    health: healthPlan(options, false, 'none'),
    condition: running,
    drainMs: options.drain ?? defaultDrainMs,
  };
}

/** Clients of the service that were sent there would come back to it, until no file may be opened any more. */
function isLoop({ endpoints }: DeclaredUpstream, { addresses }: ExpandedListen): boolean {
  return endpoints.some((endpoint) => addresses.some((listen) => leadsTo(endpoint, listen)));
}

function comesBack(service: string, upstream: string): Problem {
  return {
    code: 'upstream-loops',
    subject: service,
    message: `its upstream ${upstream} is where it listens itself, so clients would come back without end`,
    fix: 'Name the address of the server behind it.',
  };
}

function cannotResolve(service: string, host: string, reason: string): Problem {
  return {
    code: 'name-unresolved',
    subject: service,
    message: `cannot resolve ${host}: ${reason}`,
    fix: 'Correct the name; Sealane looks it up again automatically.',
  };
}
