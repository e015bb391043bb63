import { overflowSlot } from './counters.ts';

/**
 * Which counter slot belongs to which upstream. A slot is given again only when every worker has applied a table without
 * its upstream and none has a session on it: until then a late byte would be booked to the wrong one.
 */
export interface SlotUse {
  /** The lowest table version that every worker has applied. */
  readonly appliedByAll: number;
  isActive(slot: number): boolean;
  /** The slot gets a new owner. */
  clear(slot: number): void;
}

export class Slots {
  readonly #count: number;
  readonly #slots = new Map<string, number>();
  /** Upstreams that left: their slot, and the version of the first table without them. */
  readonly #leaving = new Map<string, { readonly slot: number; readonly sinceVersion: number }>();
  #free: number[] = [];
  #next = overflowSlot + 1;

  constructor(count: number) {
    this.#count = count;
  }

  slotOf(key: string): number | undefined {
    return this.#slots.get(key) ?? this.#leaving.get(key)?.slot;
  }

  /** The slots of one table's upstreams, and the keys for which there was none left. */
  assign(
    keys: Iterable<string>,
    version: number,
    use: SlotUse,
  ): { readonly slots: ReadonlyMap<string, number>; readonly without: readonly string[] } {
    const wanted = new Set(keys);
    for (const [key, slot] of this.#slots) {
      if (wanted.has(key)) continue;
      this.#slots.delete(key);
      if (slot !== overflowSlot) this.#leaving.set(key, { slot, sinceVersion: version });
    }
    this.#collect(use);
    const without: string[] = [];
    for (const key of wanted) {
      // An upstream without a slot keeps none: its running sessions are booked under the shared one.
      const slot = this.#slots.get(key) ?? this.#comeBack(key) ?? this.#take(use);
      if (slot === overflowSlot) without.push(key);
      this.#slots.set(key, slot);
    }
    return { slots: new Map(this.#slots), without };
  }

  #collect(use: SlotUse): void {
    for (const [key, { slot, sinceVersion }] of this.#leaving) {
      if (use.appliedByAll < sinceVersion || use.isActive(slot)) continue;
      this.#leaving.delete(key);
      this.#free.push(slot);
    }
  }

  #comeBack(key: string): number | undefined {
    const slot = this.#leaving.get(key)?.slot;
    this.#leaving.delete(key);
    return slot;
  }

  #take(use: SlotUse): number {
    const freed = this.#free.pop();
    if (freed !== undefined) {
      use.clear(freed);
      return freed;
    }
    return this.#next < this.#count ? this.#next++ : overflowSlot;
  }
}
