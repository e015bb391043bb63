import type { Timer } from '../../../time/clock.ts';

/**
 * Timers for a thread that sleeps in the kernel, where Node's own timers do not fire. A hierarchical timing wheel
 * (Varghese and Lauck, 1987): setting and cancelling a timer cost the same however many there are, since nearly all are
 * cancelled in time.
 *
 *   level 0: 256 slots of 4 ms   level 1: 256 of 1 s   level 2: 256 of 4 min 22 s; later ones go round again
 *
 * A timer is never early and, where the loop is free, at most one tick late.
 */
export const tickMs = 4;
const slotBits = 8;
const slots = 1 << slotBits;
const levels = 3;

export class TimerWheel {
  readonly #heads: readonly Entry[] = Array.from({ length: slots * levels }, () => new Entry(0, ignore));
  #tick: number;
  #count = 0;
  /**
   * No timer is due before this tick. The timer that was due at it has often been cancelled, which costs one search for
   * the next.
   */
  #earliest = Infinity;

  constructor(nowMs: number) {
    this.#tick = Math.floor(nowMs / tickMs);
  }

  get size(): number {
    return this.#count;
  }

  add(atMs: number, task: () => void): Timer {
    const entry = new Entry(Math.max(this.#tick + 1, Math.ceil(atMs / tickMs)), task, this.#onCancel);
    this.#count += 1;
    this.#insert(entry);
    if (entry.tick < this.#earliest) this.#earliest = entry.tick;
    return entry;
  }

  /** The time until `turn` must be called again; Infinity when there is no timer. */
  delayMs(nowMs: number): number {
    if (this.#count === 0) return Infinity;
    if (this.#earliest <= this.#tick) this.#earliest = this.#findEarliest();
    return Math.max(0, this.#earliest * tickMs - nowMs);
  }

  /** Runs all timers that are due, also those that they set themselves and that are due by then. */
  turn(nowMs: number): void {
    const target = Math.floor(nowMs / tickMs);
    if (this.#count === 0 || target < this.#earliest) {
      // No timer is due in between, but slots of the higher levels must be emptied when their time comes.
      if (this.#count === 0) this.#tick = Math.max(this.#tick, target);
      if (target >> slotBits === this.#tick >> slotBits) {
        this.#tick = Math.max(this.#tick, target);
        return;
      }
    }
    while (this.#tick < target) {
      if (this.#count === 0) {
        this.#tick = target;
        return;
      }
      this.#tick += 1;
      if ((this.#tick & (slots - 1)) === 0) this.#cascade();
      this.#runSlot(this.#head(0, this.#tick));
    }
  }

  readonly #onCancel = (): void => {
    this.#count -= 1;
  };

  #insert(entry: Entry): void {
    const ahead = entry.tick - this.#tick;
    let level = 0;
    while (level < levels - 1 && ahead >= 1 << (slotBits * (level + 1))) level += 1;
    const farthest = this.#tick + (1 << (slotBits * levels)) - 1;
    entry.insertBefore(this.#head(level, Math.min(entry.tick, farthest)));
  }

  #head(level: number, tick: number): Entry {
    const head = this.#heads[level * slots + ((tick >> (slotBits * level)) & (slots - 1))];
    if (!head) throw new RangeError(`no slot for tick ${tick}`);
    return head;
  }

  /** Moves the timers of a higher level's slot down as their time comes near. */
  #cascade(): void {
    for (let level = 1; level < levels; level++) {
      const head = this.#head(level, this.#tick);
      // Some timers come back to this very list; the loop stops at the entry that was last at its beginning.
      const last = head.previous;
      for (let entry = head.next, more = entry !== head; more;) {
        const next = entry.next;
        more = entry !== last;
        entry.unlink();
        this.#insert(entry);
        entry = next;
      }
      if (((this.#tick >> (slotBits * level)) & (slots - 1)) !== 0) return;
    }
  }

  #runSlot(head: Entry): void {
    while (head.next !== head) {
      const entry = head.next;
      entry.unlink();
      entry.isPending = false;
      this.#count -= 1;
      entry.task();
    }
  }

  /** The next slot that holds a timer; on a higher level, the tick at which its timers move down. */
  #findEarliest(): number {
    for (let tick = this.#tick + 1; tick <= this.#tick + slots; tick++) {
      const head = this.#head(0, tick);
      if (head.next !== head) return tick;
      if ((tick & (slots - 1)) === 0) return tick;
    }
    return this.#tick + slots;
  }
}

class Entry implements Timer {
  readonly tick: number;
  readonly task: () => void;
  readonly #onCancel: () => void;
  next: Entry = this;
  previous: Entry = this;
  isPending = true;

  constructor(tick: number, task: () => void, onCancel: () => void = ignore) {
    this.tick = tick;
    this.task = task;
    this.#onCancel = onCancel;
  }

  cancel(): void {
    if (!this.isPending) return;
    this.isPending = false;
    this.unlink();
    this.#onCancel();
  }

  insertBefore(head: Entry): void {
    this.previous = head.previous;
    this.next = head;
    head.previous.next = this;
    head.previous = this;
  }

  /**
   * Removes the entry from its list, so that it points at no other. An entry in the old generation would keep its
   * neighbours, and all that they refer to, from V8's scavenger.
   */
  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

function ignore(): void {}
