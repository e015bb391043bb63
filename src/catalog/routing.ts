import type { PoolSpec, RoutingTable, UpstreamSpec } from '../relay/table.ts';
import type { Catalog, Service } from './catalog.ts';

/**
 * The catalog as the relay needs it. Pure.
 */

/** Clients of one service that may wait at once; beyond it, waiting would only pile up sockets. */
const maxHeld = 1024;

export function toRoutingTable(catalog: Catalog, version: number): RoutingTable {
  const services = [...catalog.services.values()];
  return {
    version,
    listeners: services.flatMap((service) =>
      service.routes.map(({ listen, host, port }) => ({ key: listen, host, port, service: service.name })),
    ),
    pools: services.map(toPool),
  };
}

function toPool({ name, pool, upstreams }: Service): PoolSpec {
  return {
    service: name,
    balance: pool.balance,
    holdMs: pool.holdMs,
    maxHeld,
    connectTimeoutMs: pool.connectTimeoutMs,
    idleTimeoutMs: pool.idleTimeoutMs,
    upstreams: upstreams.map(({ declared, state }): UpstreamSpec => ({
      key: declared.key,
      name: declared.name,
      endpoints: declared.endpoints,
      weight: declared.weight,
      availability: state.kind,
    })),
  };
}
