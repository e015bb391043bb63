import type { Pool } from './pool.ts';
import { defaultPool, type PoolSpec } from '../boundary/table.ts';

/**
 * The pools of one thread, by service: services in the table; services that left it, whose clients wait for their
 * return; and services that a listener routes to before any table has described them. A service that is not in the
 * table is forgotten with the next table after its last client has gone.
 */
type Entry = { readonly pool: Pool; spec: PoolSpec };

/** The counter slots of upstreams and services; a service that is in no table has the shared slot. */
export interface PoolSlots {
  readonly upstream: (key: string) => number;
  readonly service: (service: string) => number;
}

/** The spec of a service that no table has described: its clients wait as long as the default says. */
const unknownPool = { ...defaultPool, maxHeld: 1_024, upstreams: [] };

export class Pools {
  readonly #create: (spec: PoolSpec) => Pool;
  readonly #entries = new Map<string, Entry>();
  readonly #outside = new Set<string>();

  constructor(create: (spec: PoolSpec) => Pool) {
    this.#create = create;
  }

  get all(): readonly Pool[] {
    return [...this.#entries.values()].map(({ pool }) => pool);
  }

  get services(): Iterable<string> {
    return this.#entries.keys();
  }

  get sessionCount(): number {
    let count = 0;
    for (const { pool } of this.#entries.values()) count += pool.sessionCount;
    return count;
  }

  /** `changed`: pools that are new in a table or changed since the last. `removed`: services that left the table. */
  change(changed: readonly PoolSpec[], removed: readonly string[], slots: PoolSlots): void {
    this.#move(changed, removed);
    for (const service of removed) {
      const entry = this.#entries.get(service);
      if (!entry) continue;
      this.#apply(entry, { ...entry.spec, upstreams: [] }, slots);
      this.#outside.add(service);
    }
    for (const spec of changed) {
      this.#outside.delete(spec.service);
      this.#apply(this.#entryFor(spec), spec, slots);
    }
  }

  poolFor(service: string): Pool {
    const known = this.#entries.get(service);
    if (known) return known.pool;
    this.#outside.add(service);
    return this.#entryFor({ service, ...unknownPool }).pool;
  }

  forgetIdle(): void {
    for (const service of this.#outside) {
      if ((this.#entries.get(service)?.pool.sessionCount ?? 0) > 0) continue;
      this.#entries.delete(service);
      this.#outside.delete(service);
    }
  }

  /** Moves the sessions of each upstream that left one pool for another, as after the rename of a container. */
  #move(changed: readonly PoolSpec[], removed: readonly string[]): void {
    const next = new Map(changed.map((spec) => [spec.service, spec]));
    const left = new Map<string, Pool>();
    for (const service of [...next.keys(), ...removed]) {
      const entry = this.#entries.get(service);
      const stays = new Set(next.get(service)?.upstreams.map(({ key }) => key));
      for (const { key } of entry?.spec.upstreams ?? []) if (entry && !stays.has(key)) left.set(key, entry.pool);
    }
    if (left.size === 0) return;
    for (const spec of changed) {
      for (const { key } of spec.upstreams) {
        const from = left.get(key);
        if (from && from.service !== spec.service) this.#entryFor(spec).pool.takeOver(key, from, removed);
      }
    }
  }

  #apply(entry: Entry, spec: PoolSpec, { upstream, service }: PoolSlots): void {
    entry.spec = spec;
    entry.pool.apply(spec, upstream, service(spec.service));
  }

  #entryFor(spec: PoolSpec): Entry {
    const known = this.#entries.get(spec.service);
    if (known) return known;
    const entry = { pool: this.#create(spec), spec };
    this.#entries.set(spec.service, entry);
    return entry;
  }
}
