import {
  defaultPool,
  plainListener,
  type ListenerSpec,
  type PoolSpec,
  type RoutingTable,
  type UpstreamSpec,
} from '../../../src/relay/boundary/table.ts';

/**
 * Short ways to write routing tables. Versions count up on their own, as the reconciler's do.
 */
let version = 0;

export type UpstreamOptions = Partial<UpstreamSpec> & { readonly port?: number };

/** An upstream whose key is its name, too. */
export function upstream(name: string, options: UpstreamOptions = {}): UpstreamSpec {
  const { port = 1, ...rest } = options;
  return {
    key: name,
    name,
    endpoints: [{ host: '127.0.0.1', port }],
    weight: 1,
    backup: false,
    maxConnections: undefined,
    slowStartMs: 0,
    availability: 'ready',
    ...rest,
  };
}

export function pool(upstreams: readonly UpstreamSpec[], options: Partial<PoolSpec> = {}): PoolSpec {
  return {
    ...defaultPool,
    service: 'shop/api',
    holdMs: 20_000,
    maxHeld: 100,
    connectTimeoutMs: 5_000,
    upstreams,
    ...options,
  };
}

export function listener(service = 'shop/api', port = 0, key = `${service}@${port}`): ListenerSpec {
  return { ...plainListener, key, host: '127.0.0.1', port, service };
}

export function table(pools: readonly PoolSpec[], listeners?: readonly ListenerSpec[]): RoutingTable {
  version += 1;
  return { version, pools, listeners: listeners ?? pools.map(({ service }) => listener(service)) };
}
