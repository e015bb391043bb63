import { overflowSlot } from './counters.ts';
import type { KeyChange } from './table-change.ts';

/** The slots of upstreams by key and of services by name, as they are sent to the relay threads. */
export interface SlotMaps {
  readonly upstreams: ReadonlyMap<string, number>;
  readonly services: ReadonlyMap<string, number>;
}

/**
 * Which counter slot belongs to which upstream or service. A slot is assigned again only when every relay thread has
 * applied a table without its owner and none has a session on it: until then a late byte would be counted for the wrong
 * owner.
 */
export interface SlotUse {
  /** The highest table version that every relay thread has applied. */
  readonly appliedByAll: number;
  isActive(slot: number): boolean;
  /** Clears the slot's counters, before it gets a new owner. */
  clear(slot: number): void;
}

export class Slots {
  readonly #count: number;
  readonly #slots = new Map<string, number>();
  /** The upstreams that left: their slot, and the version of the first table without them. */
  readonly #leaving = new Map<string, { readonly slot: number; readonly sinceVersion: number }>();
  #free: number[] = [];
  #without = 0;
  #next = overflowSlot + 1;

  constructor(count: number) {
    this.#count = count;
  }

  slotOf(key: string): number | undefined {
    return this.#slots.get(key) ?? this.#leaving.get(key)?.slot;
  }

  /** The slots of all upstreams in the table. */
  get all(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  /** How many upstreams share the overflow slot, because no slots were left. */
  get without(): number {
    return this.#without;
  }

  /**
   * The slots of the upstreams that are `present` from this table on; upstreams that `left` give theirs back in time.
   */
  assign({ present, left }: KeyChange, version: number, use: SlotUse): ReadonlyMap<string, number> {
    for (const key of left) {
      const slot = this.#slots.get(key);
      if (slot === undefined) continue;
      this.#slots.delete(key);
      if (slot === overflowSlot) this.#without -= 1;
      else this.#leaving.set(key, { slot, sinceVersion: version });
    }
    this.#collect(use);
    const slots = new Map<string, number>();
    for (const key of present) {
      // An upstream on the overflow slot stays there, since its running sessions are counted there.
      let slot = this.#slots.get(key);
      if (slot === undefined) {
        slot = this.#reclaim(key) ?? this.#allocate(use);
        if (slot === overflowSlot) this.#without += 1;
        this.#slots.set(key, slot);
      }
      slots.set(key, slot);
    }
    return slots;
  }

  #collect(use: SlotUse): void {
    for (const [key, { slot, sinceVersion }] of this.#leaving) {
      if (use.appliedByAll < sinceVersion || use.isActive(slot)) continue;
      this.#leaving.delete(key);
      this.#free.push(slot);
    }
  }

  #reclaim(key: string): number | undefined {
    const slot = this.#leaving.get(key)?.slot;
    this.#leaving.delete(key);
    return slot;
  }

  #allocate(use: SlotUse): number {
    const freed = this.#free.pop();
    if (freed !== undefined) {
      use.clear(freed);
      return freed;
    }
    return this.#next < this.#count ? this.#next++ : overflowSlot;
  }
}
