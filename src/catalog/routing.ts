import {
  openPool,
  plainListener,
  type ListenerSpec,
  type PoolSpec,
  type RoutingTable,
  type UpstreamAvailability,
  type UpstreamSpec,
} from '../relay/table.ts';
import type { Catalog, Service } from './catalog.ts';
import type { Upstream, UpstreamState } from './upstream.ts';

/**
 * The catalog as the relay needs it. Pure.
 */

interface Part {
  readonly listeners: readonly ListenerSpec[];
  readonly pool: PoolSpec;
}

/**
 * `maxHeld`: clients of one service that may wait at once. A writer remembers each service's part: a service that stays
 * the same object has the same pool object in every table, which is how the relay knows that nothing about it changed.
 */
export function createTableWriter(maxHeld: number): (catalog: Catalog, version: number) => RoutingTable {
  const memo = new WeakMap<Service, Part>();
  return ({ services }, version) => {
    const listeners: ListenerSpec[] = [];
    const pools: PoolSpec[] = [];
    for (const service of services.values()) {
      const part = memo.get(service) ?? toPart(service, maxHeld);
      memo.set(service, part);
      for (const listener of part.listeners) listeners.push(listener);
      pools.push(part.pool);
    }
    return { version, listeners, pools };
  };
}

export function toRoutingTable(catalog: Catalog, version: number, maxHeld: number): RoutingTable {
  return createTableWriter(maxHeld)(catalog, version);
}

function toPart(service: Service, maxHeld: number): Part {
  const { name, routes, pool, upstreams } = service;
  return {
    listeners: routes.map(({ listen, host, port }) => ({ ...plainListener, key: listen, host, port, service: name })),
    pool: {
      ...openPool,
      service: name,
      ...pool,
      maxHeld,
      // Out of the table when its drain is over, so that the relay closes what is left.
      upstreams: upstreams.filter(({ state }) => state.kind !== 'draining' || !state.over).map(toSpec),
    },
  };
}

function toSpec({ declared, state, weight }: Upstream): UpstreamSpec {
  const { key, name, endpoints, backup, maxConnections, slowStartMs } = declared;
  return { key, name, endpoints, weight, backup, maxConnections, slowStartMs, availability: availabilityOf(state) };
}

function availabilityOf(state: UpstreamState): UpstreamAvailability {
  if (state.kind === 'ready') return 'ready';
  return state.kind === 'unhealthy' && state.suspect ? 'suspect' : 'resting';
}
