import {
  CounterCells,
  createCellMemory,
  indicesOf,
  type CellMemory,
  type CellWriter,
  type CounterIndex,
  type Totals,
} from './counter-cells.ts';
import {
  serviceCounters,
  threadCounters,
  upstreamCounters,
  type ThreadCounter,
  type UpstreamCounter,
} from './counter-table.ts';
import { createTimingMemory, Timings, type TimingMemory } from './timings.ts';

/**
 * The counters of counter-table.ts in memory that all threads share, sized once and amply. Each upstream and each
 * service has a slot (slots.ts). Slot 0 is shared by those for which no slot was left: they are served as ever, but
 * share figures.
 */
export type ThreadTotals = Totals<typeof threadCounters>;
export type UpstreamTotals = Totals<typeof upstreamCounters>;

export const threadCell = indicesOf(threadCounters, 'counter');
export const upstreamCell = indicesOf(upstreamCounters, 'counter');
const upstreamGauge = indicesOf(upstreamCounters, 'gauge');
const serviceGauge = indicesOf(serviceCounters, 'gauge');

export const overflowSlot = 0;
/** Far more upstreams than one machine runs, at 60 bytes each per worker, and 64 for their dials (timings.ts). */
const defaultSlots = 32_768;
/** Far more services than one machine runs, at 4 bytes each per worker. */
const defaultServiceSlots = 8_192;

export interface CounterMemory {
  readonly threads: CellMemory;
  readonly upstreams: CellMemory;
  readonly services: CellMemory;
  readonly timings: TimingMemory;
  readonly workers: number;
  readonly slots: number;
  readonly serviceSlots: number;
}

export function createCounterMemory(
  workers: number,
  slots = defaultSlots,
  serviceSlots = defaultServiceSlots,
): CounterMemory {
  return {
    threads: createCellMemory(threadCounters, 1, workers),
    upstreams: createCellMemory(upstreamCounters, slots, workers),
    services: createCellMemory(serviceCounters, serviceSlots, workers),
    timings: createTimingMemory(workers, slots),
    workers,
    slots,
    serviceSlots,
  };
}

/**
 * The counters, readable in every thread. `CounterWriter` counts; `clearSlot` and `clearWorker` set counters to zero that
 * no thread writes any more.
 */
export class Counters {
  readonly timings: Timings;
  protected readonly threads: CounterCells<typeof threadCounters>;
  protected readonly upstreams: CounterCells<typeof upstreamCounters>;
  protected readonly services: CounterCells<typeof serviceCounters>;
  readonly #workers: number;

  constructor({ threads, upstreams, services, timings, workers }: CounterMemory) {
    this.timings = new Timings(timings);
    this.threads = new CounterCells(threadCounters, threads);
    this.upstreams = new CounterCells(upstreamCounters, upstreams);
    this.services = new CounterCells(serviceCounters, services);
    this.#workers = workers;
  }

  /** Sessions that are dialing or relaying, over all workers. */
  activeOf(slot: number): number {
    return this.upstreams.gauge(slot, upstreamGauge.active);
  }

  /** Clients of one service that wait for an upstream, over all workers. */
  heldOf(serviceSlot: number): number {
    return this.services.gauge(serviceSlot, serviceGauge.held);
  }

  totalsOf(slot: number): UpstreamTotals {
    return this.upstreams.totals(slot);
  }

  worker(worker: number): ThreadTotals {
    return this.threads.totals(0, worker, worker);
  }

  /** The sums over all workers. */
  totals(): ThreadTotals {
    return this.threads.totals(0);
  }

  /** Clients of all services that wait for an upstream, over all workers. */
  get held(): number {
    return this.services.gaugeOfAll(serviceGauge.held);
  }

  /** Sessions open now, over all workers. */
  get open(): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) sum += this.#openOf(worker);
    return sum;
  }

  /** Clears a slot before it gets another owner; no worker knows the slot then. */
  clearSlot(slot: number): void {
    this.upstreams.clearRow(slot);
    this.timings.clearSlot(slot);
  }

  /** Clears the gauges of a worker that died with its sessions; its totals stay. */
  clearWorker(worker: number): void {
    this.upstreams.clearGauges(worker);
    this.services.clearGauges(worker);
    this.threads.writer(worker).add(0, threadCell.closed, this.#openOf(worker));
  }

  #openOf(worker: number): number {
    const { accepted, adopted, closed } = threadCell;
    const came = this.threads.read(0, worker, accepted) + this.threads.read(0, worker, adopted);
    return came - this.threads.read(0, worker, closed);
  }
}

/** The writer of one worker. `threadCell` and `upstreamCell` name what it counts. */
export class CounterWriter extends Counters {
  readonly #worker: number;
  readonly #own: CellWriter<typeof threadCounters>;
  readonly #ofUpstreams: CellWriter<typeof upstreamCounters>;
  readonly #ofServices: CellWriter<typeof serviceCounters>;

  constructor(memory: CounterMemory, worker: number) {
    super(memory);
    this.#worker = worker;
    this.#own = this.threads.writer(worker);
    this.#ofUpstreams = this.upstreams.writer(worker);
    this.#ofServices = this.services.writer(worker);
  }

  addActive(slot: number, by: 1 | -1): void {
    this.#ofUpstreams.addGauge(slot, upstreamGauge.active, by);
  }

  addHeld(serviceSlot: number, by: number): void {
    this.#ofServices.addGauge(serviceSlot, serviceGauge.held, by);
  }

  /**
   * Reserves one of `limit` sessions over all workers; false when all are in use. It counts first and compares then,
   * which makes it safe: the last worker to count sees all others. Two that race for the last session may both fail,
   * but never both succeed; `activeOf` shows one too many only for an instant.
   */
  reserve(slot: number, limit: number): boolean {
    this.addActive(slot, 1);
    if (this.activeOf(slot) <= limit) return true;
    this.addActive(slot, -1);
    return false;
  }

  add(slot: number, counter: CounterIndex<UpstreamCounter>, by: number): void {
    this.#ofUpstreams.add(slot, counter, by);
  }

  /** Records a dial that was answered after `dialMs`. */
  dialed(slot: number, dialMs: number): void {
    this.add(slot, upstreamCell.sessions, 1);
    this.add(slot, upstreamCell.dialMs, dialMs);
    this.timings.record(slot, this.#worker, dialMs);
  }

  /** Records how late the worker's event loop ran. */
  lag(lagMs: number): void {
    this.timings.setLag(this.#worker, lagMs);
  }

  count(counter: CounterIndex<ThreadCounter>, by: number): void {
    this.#own.add(0, counter, by);
  }
}
