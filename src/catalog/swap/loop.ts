import { leadsTo, type Address } from '../../address/address.ts';
import { publishedAddresses } from '../../address/published.ts';
import type { Catalog } from '../catalog.ts';
import type { Service } from '../service.ts';

/**
 * Finds out whether clients of a service that are sent to an address come back to the service, through a listener of
 * Sealane itself: one client would open session after session, until no file may be opened any more. Pure.
 */
export interface LoopQuestion {
  readonly service: string;
  readonly endpoints: readonly Address[];
  /** The addresses of this machine, or of the container that Sealane runs in. */
  readonly own: ReadonlySet<string>;
  /** The addresses by which that container reaches its host; empty on a host. */
  readonly hosts: ReadonlySet<string>;
}

/** The listen address through which the clients come back; undefined where they do not. */
export function loopThrough(
  { service, endpoints, own, hosts }: LoopQuestion,
  { services, publishedPorts = [] }: Pick<Catalog, 'services' | 'publishedPorts'>,
): string | undefined {
  const arrives = ({ host, port }: Address, listen: Address): boolean => {
    if (hosts.has(host)) return publishedAddresses(listen, publishedPorts).some((one) => one.port === port);
    return leadsTo({ host, port }, listen, own);
  };
  const seen = new Set<string>();
  const search = (addresses: readonly Address[]): string | undefined => {
    for (const [name, { routes, upstreams }] of services) {
      const route = routes.find((one) => addresses.some((address) => arrives(address, one)));
      if (!route) continue;
      if (name === service) return route.listen;
      if (seen.has(name)) continue;
      seen.add(name);
      if (search(endpointsOf(upstreams)) !== undefined) return route.listen;
    }
    return undefined;
  };
  return search(endpoints);
}

function endpointsOf(upstreams: Service['upstreams']): readonly Address[] {
  return upstreams.flatMap(({ declared }) => declared.endpoints);
}
