import { refusals } from './report.ts';
import { createTimingMemory, Timings, type TimingMemory } from './timings.ts';

/**
 * Counters in memory that all threads share. Every cell has one writer, the worker that owns its row, so nothing is
 * lost or locked; readers sum over the rows. Active sessions are read by every worker for least-connections, hence
 * Atomics; totals are plain doubles: aligned 8-byte stores do not tear on the 64-bit machines Node runs on.
 *
 *   active  Int32[slot][worker]        sums     Float64[slot][worker][field]        workers  Float64[worker][field]
 *
 * Sized once, amply: the pages are zero until used and cost no memory before (mmap(2)). Slot 0 is shared by upstreams
 * for which no slot was left: they are relayed to as ever, only their figures run together.
 */
const slotFields = ['sessions', 'dials', 'dialFailures', 'retries', 'bytesUp', 'bytesDown', 'dialMs'] as const;
/** `adopted`: taken over from the worker that accepted it, where it counts as closed since. */
const workerFields = ['accepted', 'adopted', 'held', 'closed', ...refusals] as const;

export type SlotField = (typeof slotFields)[number];
export type WorkerField = (typeof workerFields)[number];
export type SlotTotals = Readonly<Record<SlotField | 'active', number>>;
export type WorkerTotals = Readonly<Record<WorkerField, number>>;

export const overflowSlot = 0;
/** Far more upstreams than one machine runs, at 60 bytes each per worker, and 64 for their dials (timings.ts). */
export const defaultSlots = 32_768;

const slotOffset = offsets(slotFields);
const workerOffset = offsets(workerFields);

export interface CounterMemory {
  readonly buffer: SharedArrayBuffer;
  readonly timings: TimingMemory;
  readonly workers: number;
  readonly slots: number;
}

export function createCounterMemory(workers: number, slots = defaultSlots): CounterMemory {
  const doubles = slots * workers * slotFields.length + workers * workerFields.length;
  const buffer = new SharedArrayBuffer(doubles * 8 + slots * workers * 4);
  return { buffer, timings: createTimingMemory(workers, slots), workers, slots };
}

/** A view for any thread. Only `CounterWriter` writes, but for `clear…` when no writer is left. */
export class Counters {
  readonly timings: Timings;
  protected readonly memory: CounterMemory;
  protected readonly active: Int32Array;
  protected readonly sums: Float64Array;
  protected readonly perWorker: Float64Array;

  constructor(memory: CounterMemory) {
    const { buffer, workers, slots } = memory;
    const sums = slots * workers * slotFields.length;
    this.memory = memory;
    this.timings = new Timings(memory.timings);
    this.sums = new Float64Array(buffer, 0, sums);
    this.perWorker = new Float64Array(buffer, sums * 8, workers * workerFields.length);
    this.active = new Int32Array(buffer, (sums + workers * workerFields.length) * 8, slots * workers);
  }

  /** Sessions that are dialing or relaying, over all workers. */
  activeOf(slot: number): number {
    const { workers } = this.memory;
    let sum = 0;
    for (let at = slot * workers; at < (slot + 1) * workers; at++) sum += Atomics.load(this.active, at);
    return sum;
  }

  totalsOf(slot: number): SlotTotals {
    const { workers } = this.memory;
    const sum = (field: SlotField): number => {
      let total = 0;
      for (let worker = 0; worker < workers; worker++) {
        total += this.sums[(slot * workers + worker) * slotFields.length + slotOffset[field]] ?? 0;
      }
      return total;
    };
    return {
      active: this.activeOf(slot),
      sessions: sum('sessions'),
      dials: sum('dials'),
      dialFailures: sum('dialFailures'),
      retries: sum('retries'),
      bytesUp: sum('bytesUp'),
      bytesDown: sum('bytesDown'),
      dialMs: sum('dialMs'),
    };
  }

  worker(worker: number): WorkerTotals {
    return totalsBy((field) => this.#at(worker, field));
  }

  /** Over all workers. */
  totals(): WorkerTotals {
    const each = Array.from({ length: this.memory.workers }, (_, worker) => this.worker(worker));
    return totalsBy((field) => each.reduce((total, worker) => total + worker[field], 0));
  }

  /** Sessions open now, over all workers. */
  get open(): number {
    const { workers } = this.memory;
    let sum = 0;
    for (let worker = 0; worker < workers; worker++) sum += this.#came(worker) - this.#at(worker, 'closed');
    return sum;
  }

  /** Before a slot gets another owner; no worker knows it then. */
  clearSlot(slot: number): void {
    const { workers } = this.memory;
    this.sums.fill(0, slot * workers * slotFields.length, (slot + 1) * workers * slotFields.length);
    this.timings.clearSlot(slot);
  }

  /** After a worker died: its sessions died with it, its totals stay. */
  clearWorker(worker: number): void {
    const { workers, slots } = this.memory;
    for (let slot = 0; slot < slots; slot++) Atomics.store(this.active, slot * workers + worker, 0);
    const base = worker * workerFields.length;
    this.perWorker[base + workerOffset.held] = 0;
    this.perWorker[base + workerOffset.closed] = this.#came(worker);
  }

  #came(worker: number): number {
    return this.#at(worker, 'accepted') + this.#at(worker, 'adopted');
  }

  #at(worker: number, field: WorkerField): number {
    return this.perWorker[worker * workerFields.length + workerOffset[field]] ?? 0;
  }
}

/** One worker's pen. */
export class CounterWriter extends Counters {
  readonly #worker: number;

  constructor(memory: CounterMemory, worker: number) {
    super(memory);
    this.#worker = worker;
  }

  addActive(slot: number, by: 1 | -1): void {
    Atomics.add(this.active, slot * this.memory.workers + this.#worker, by);
  }

  /**
   * Takes one of `limit` places over all workers, or none: false when they are taken. Counting first and looking then is
   * what makes it safe: of all who hold a place the last to count saw all the others. Two that race for the last place
   * may both go without, never both with it; only for an instant does `activeOf` show one too many.
   */
  reserve(slot: number, limit: number): boolean {
    this.addActive(slot, 1);
    if (this.activeOf(slot) <= limit) return true;
    this.addActive(slot, -1);
    return false;
  }

  add(slot: number, field: SlotField, by: number): void {
    const at = (slot * this.memory.workers + this.#worker) * slotFields.length + slotOffset[field];
    this.sums[at] = (this.sums[at] ?? 0) + by;
  }

  /** A dial was answered after so long. */
  dialed(slot: number, dialMs: number): void {
    this.add(slot, 'sessions', 1);
    this.add(slot, 'dialMs', dialMs);
    this.timings.record(slot, this.#worker, dialMs);
  }

  /** The worker's event loop ran so late. */
  lag(lagMs: number): void {
    this.timings.setLag(this.#worker, lagMs);
  }

  count(field: WorkerField, by: number): void {
    const at = this.#worker * workerFields.length + workerOffset[field];
    this.perWorker[at] = (this.perWorker[at] ?? 0) + by;
  }
}

function offsets<Field extends string>(fields: readonly Field[]): Readonly<Record<Field, number>> {
  return Object.fromEntries(fields.map((field, index) => [field, index])) as Record<Field, number>;
}

function totalsBy(read: (field: WorkerField) => number): WorkerTotals {
  return Object.fromEntries(workerFields.map((field) => [field, read(field)])) as Record<WorkerField, number>;
}
