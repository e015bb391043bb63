import type { Declaration } from '../catalog/declaration.ts';
import type { Problem } from '../catalog/problem.ts';
import { formatAddress } from '../config/address.ts';
import type { StaticService } from '../config/static-service.ts';
import type { Discovery } from './discover.ts';
import { healthPlan, poolOptions, upstreamOptions } from './options.ts';

/**
 * Services written down in the configuration file or on the command line. Pure: names come with what they resolved to.
 */
/** What a host name stands for at the moment. */
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
): Discovery {
  const declarations: Declaration[] = [];
  const unresolved = new Map<string, Problem>();
  services.forEach((service, position) => {
    const shared = {
      service: service.name,
      listen: { host: service.listen.host ?? bind, port: service.listen.port },
      pool: poolOptions(service.options),
      declaredBy: { kind: 'static', position },
    } as const;
    for (const { target, weight } of service.upstreams) {
      const resolution = resolutions.get(target.host) ?? { kind: 'pending' };
      if (resolution.kind === 'failed')
        unresolved.set(target.host, cannotResolve(service.name, target.host, resolution.reason));
      const name = formatAddress(target.host, target.port);
      const endpoints =
        resolution.kind === 'resolved' ? resolution.addresses.map((host) => ({ host, port: target.port })) : [];
      const upstream =
        endpoints.length === 0
          ? undefined
          : {
              // With its addresses: when a name comes to stand for others, those are other processes.
              key: `static/${service.name}/${name}/${endpoints.map((one) => one.host).join(',')}`,
              run: undefined,
              name,
              endpoints,
              weight,
              ...upstreamOptions(service.options),
              health: healthPlan(service.options, false, 'none'),
              condition: running,
              drainMs: service.options.drain ?? defaultDrainMs,
            };
      declarations.push({ ...shared, upstream });
    }
    // With no upstream at all it is still declared: its clients wait for the file to name one.
    if (service.upstreams.length === 0) declarations.push({ ...shared, upstream: undefined });
  });
  return { declarations, problems: [...unresolved.values()] };
}

function cannotResolve(service: string, host: string, reason: string): Problem {
  return {
    code: 'name-unresolved',
    subject: service,
    message: `cannot resolve ${host}: ${reason}`,
    fix: 'Correct the name; it is looked up again by itself.',
  };
}
