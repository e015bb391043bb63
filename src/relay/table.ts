/**
 * The routing table: all that the relay's threads know. It crosses the thread boundary by structured clone, so it holds
 * plain data only. The control thread decides; whoever reads this only follows.
 */
export const balancePolicies = ['least-connections', 'round-robin', 'random', 'source-hash', 'first'] as const;
export type BalancePolicy = (typeof balancePolicies)[number];

export interface Endpoint {
  /** An IP address, never a name: names are resolved on the control side. */
  readonly host: string;
  readonly port: number;
}

/**
 * - `ready`: takes new sessions.
 * - `suspect`: did not answer lately; asked only when no other is left.
 * - `resting`: takes none, keeps those it has: not proven yet, unhealthy, paused or draining.
 *
 * An upstream that is no longer in the table is gone: dials to it are aborted and its sessions closed.
 */
export type UpstreamAvailability = 'ready' | 'suspect' | 'resting';

export interface UpstreamSpec {
  /** Identity: container id, start time and port (or a static service's host:port). Never reused for another process. */
  readonly key: string;
  /** For people, e.g. `shop-api-1`. */
  readonly name: string;
  /** Tried in this order until one answers; one entry except for names that resolve to several addresses. */
  readonly endpoints: readonly Endpoint[];
  /** 0 to 256; 0 takes no new sessions. */
  readonly weight: number;
  /** Asked only when no other upstream is ready. */
  readonly backup: boolean;
  /** Most sessions at once, over all workers; undefined: no limit. */
  readonly maxConnections: number | undefined;
  /** Time over which its share of new sessions grows to its weight, in milliseconds; 0: at once. */
  readonly slowStartMs: number;
  readonly availability: UpstreamAvailability;
}

export interface PoolSpec {
  readonly service: string;
  readonly balance: BalancePolicy;
  /** How long a client waits while nothing is ready, in milliseconds; 0 closes it at once. */
  readonly holdMs: number;
  /** How many clients may wait at once; one more is closed at once. */
  readonly maxHeld: number;
  /** Deadline of one dial, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A session without a byte either way for so long is closed, in milliseconds; undefined: never. */
  readonly idleTimeoutMs: number | undefined;
  /** After a scale-up, sessions idle for so long on crowded upstreams are closed, in milliseconds; undefined: never. */
  readonly rebalanceIdleMs: number | undefined;
  readonly upstreams: readonly UpstreamSpec[];
}

export interface ListenerSpec {
  /** `host:port` as asked for; with port 0 it is still the key, and the port it got is reported. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly service: string;
}

export interface RoutingTable {
  readonly version: number;
  readonly listeners: readonly ListenerSpec[];
  readonly pools: readonly PoolSpec[];
}

export const emptyTable: RoutingTable = { version: 0, listeners: [], pools: [] };
