import type { PoolSpec, RoutingTable, UpstreamAvailability, UpstreamSpec } from '../relay/table.ts';
import type { Catalog, Service } from './catalog.ts';
import type { Upstream, UpstreamState } from './upstream.ts';

/**
 * The catalog as the relay needs it. Pure.
 */

/** `maxHeld`: clients of one service that may wait at once. */
export function toRoutingTable(catalog: Catalog, version: number, maxHeld: number): RoutingTable {
  const services = [...catalog.services.values()];
  return {
    version,
    listeners: services.flatMap((service) =>
      service.routes.map(({ listen, host, port }) => ({ key: listen, host, port, service: service.name })),
    ),
    pools: services.map((service) => toPool(service, maxHeld)),
  };
}

function toPool({ name, pool, upstreams }: Service, maxHeld: number): PoolSpec {
  return {
    service: name,
    balance: pool.balance,
    holdMs: pool.holdMs,
    maxHeld,
    connectTimeoutMs: pool.connectTimeoutMs,
    idleTimeoutMs: pool.idleTimeoutMs,
    rebalanceIdleMs: pool.rebalanceIdleMs,
    // Out of the table when its drain is over, so that the relay closes what is left.
    upstreams: upstreams.filter(({ state }) => state.kind !== 'draining' || !state.over).map(toSpec),
  };
}

function toSpec({ declared, state }: Upstream): UpstreamSpec {
  const { key, name, endpoints, weight, backup, maxConnections, slowStartMs } = declared;
  return { key, name, endpoints, weight, backup, maxConnections, slowStartMs, availability: availabilityOf(state) };
}

function availabilityOf(state: UpstreamState): UpstreamAvailability {
  if (state.kind === 'ready') return 'ready';
  return state.kind === 'unhealthy' && state.suspect ? 'suspect' : 'resting';
}
