import type { Declaration, DeclaredUpstream } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { formatAddress } from '../address/address.ts';
import type { StaticService, StaticUpstream } from '../config/static-service.ts';
import type { Discovery } from './discover.ts';
import { expandListen, type ExpandedListen } from './expand-listen.ts';
import { healthPlan, matchOf, poolOf, upstreamOf } from './options.ts';

/**
 * Declares the services of the configuration file and the command line. Pure: the addresses of names are passed in.
 */
/** The current addresses of a host name. */
export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'pending' };

const defaultDrainMs = 10_000;
const running = { kind: 'running', health: 'none' } as const;

export function declareStatic(
  services: readonly StaticService[],
  resolutions: ReadonlyMap<string, Resolution>,
  bind: string,
): Omit<Discovery, 'restarted'> {
  const declarations: Declaration[] = [];
  const unresolved = new Map<string, Problem>();
  services.forEach((service, position) => {
    const declaredBy = { kind: 'static', position } as const;
    for (const expanded of expandListen(service.name, service.listen, bind)) {
      const shared = {
        service: expanded.service,
        match: matchOf(service.options),
        pool: poolOf(service.options),
        declaredBy,
      } as const;
      const upstreams = service.upstreams.map((written) => toUpstream(service, written, expanded, resolutions));
      for (const listen of expanded.addresses) {
        // A service without upstreams is still declared: its clients wait until the file has one.
        if (upstreams.length === 0) declarations.push({ ...shared, listen, upstream: undefined });
        for (const upstream of upstreams) declarations.push({ ...shared, listen, upstream });
      }
    }
    for (const { target } of service.upstreams) {
      const resolution = resolutions.get(target.host);
      if (resolution?.kind === 'failed')
        unresolved.set(target.host, cannotResolve(service.name, target.host, resolution.reason));
    }
  });
  return { declarations, problems: [...unresolved.values()] };
}

/** Whether the services have the upstream with this key, whatever the current addresses of its name are. */
export function isConfigured(services: readonly StaticService[], bind: string, key: string): boolean {
  return services.some(({ name, listen, upstreams }) =>
    expandListen(name, listen, bind).some(({ service, portOffset }) =>
      upstreams.some(({ target }) =>
        key.startsWith(keyPrefix(service, formatAddress({ host: target.host, port: target.port + portOffset }))),
      ),
    ),
  );
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

function cannotResolve(service: string, host: string, reason: string): Problem {
  return {
    code: 'name-unresolved',
    subject: service,
    message: `cannot resolve ${host}: ${reason}`,
    fix: 'Correct the name; Sealane looks it up again automatically.',
  };
}
