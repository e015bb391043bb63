import type { ListenerSpec, PoolSpec, RoutingTable, TlsSpec } from './table.ts';

/**
 * What is new in a table, so that an event about one container costs the relay's threads nothing for all the others.
 * Unchanged pools are the same objects in both tables. Pure.
 */
export interface TableChange {
  readonly version: number;
  /** All listeners; undefined when none of them changed. */
  readonly listeners: readonly ListenerSpec[] | undefined;
  /** The pools that are new or changed. */
  readonly pools: readonly PoolSpec[];
  /** The services that are no longer in the table. */
  readonly removed: readonly string[];
  /** The TLS settings; undefined when they did not change. */
  readonly tls: TlsSpec | undefined;
}

/** Upstreams by key: those that the changed pools have, and those that are no longer in the table. */
export interface KeyChange {
  readonly present: readonly string[];
  readonly left: readonly string[];
}

export function changeBetween(
  before: RoutingTable,
  after: RoutingTable,
): { readonly change: TableChange; readonly keys: KeyChange } {
  const known = new Map(before.pools.map((pool) => [pool.service, pool]));
  const pools: PoolSpec[] = [];
  const gone = new Set<string>();
  const present = new Set<string>();
  for (const pool of after.pools) {
    const previous = known.get(pool.service);
    known.delete(pool.service);
    if (previous === pool) continue;
    pools.push(pool);
    for (const { key } of previous?.upstreams ?? []) gone.add(key);
    for (const { key } of pool.upstreams) present.add(key);
  }
  for (const { upstreams } of known.values()) for (const { key } of upstreams) gone.add(key);
  const change = {
    version: after.version,
    listeners: isSame(before.listeners, after.listeners) ? undefined : after.listeners,
    pools,
    removed: [...known.keys()],
    tls: before.tls === after.tls ? undefined : after.tls,
  };
  return { change, keys: { present: [...present], left: [...gone].filter((key) => !present.has(key)) } };
}

function isSame(a: readonly ListenerSpec[], b: readonly ListenerSpec[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index] || isEqual(one, b[index]));
}

/** Compares as JSON, since listeners are plain data that the same code wrote. */
function isEqual(one: ListenerSpec, other: ListenerSpec | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
