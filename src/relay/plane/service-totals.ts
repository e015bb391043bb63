import { addTotals, zerosOf } from '../boundary/counter-cells.ts';
import { upstreamCounters } from '../boundary/counter-table.ts';
import { overflowSlot, type Counters, type UpstreamTotals } from '../boundary/counters.ts';
import { addHistograms, emptyHistogram, type Histogram } from '../boundary/timings.ts';

/**
 * The totals of each service, which never go down while upstreams come and go: what a slot has counted stays with its
 * service when another upstream gets the slot. It costs the relay threads nothing.
 */
export interface TimedTotals extends UpstreamTotals {
  readonly dialHistogram: Histogram;
}

const none: TimedTotals = { ...zerosOf(upstreamCounters), dialHistogram: emptyHistogram };

export class ServiceTotals {
  readonly #counters: Counters;
  readonly #owners = new Map<number, string>();
  readonly #slots = new Map<string, Set<number>>();
  /** The totals, by service, of slots that were since released. */
  readonly #retired = new Map<string, TimedTotals>();
  /** The sum over services that are gone. */
  #forgotten = none;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  own(slot: number, service: string): void {
    // The overflow slot is shared by upstreams of many services.
    if (slot === overflowSlot || this.#owners.get(slot) === service) return;
    // An upstream that another service has now takes its totals along.
    this.#slots.get(this.#owners.get(slot) ?? '')?.delete(slot);
    this.#owners.set(slot, service);
    const slots = this.#slots.get(service);
    if (slots) slots.add(slot);
    else this.#slots.set(service, new Set([slot]));
  }

  /** Keeps the totals of a slot; called before the slot is cleared for another upstream. */
  release(slot: number, isKnown: (service: string) => boolean): void {
    const service = this.#owners.get(slot);
    if (service === undefined) return;
    const figures = add(this.#retired.get(service) ?? none, this.#read(slot));
    this.#owners.delete(slot);
    this.#slots.get(service)?.delete(slot);
    if (isKnown(service) || this.#slots.get(service)?.size !== 0) {
      this.#retired.set(service, figures);
      return;
    }
    // Service names may be many and short-lived, so only the sum of gone ones is kept.
    this.#retired.delete(service);
    this.#slots.delete(service);
    this.#forgotten = add(this.#forgotten, figures);
  }

  /** The totals of a service, without its dial histogram. */
  of(service: string): UpstreamTotals {
    let figures: UpstreamTotals = this.#retired.get(service) ?? none;
    for (const slot of this.#slots.get(service) ?? []) figures = addUp(figures, this.#counters.totalsOf(slot));
    return figures;
  }

  #whole(service: string): TimedTotals {
    let figures = this.#retired.get(service) ?? none;
    for (const slot of this.#slots.get(service) ?? []) figures = add(figures, this.#read(slot));
    return figures;
  }

  /** The totals of all services that ever existed. */
  all(): TimedTotals {
    let figures = add(this.#forgotten, this.#read(overflowSlot));
    for (const service of new Set([...this.#slots.keys(), ...this.#retired.keys()]))
      figures = add(figures, this.#whole(service));
    return figures;
  }

  #read(slot: number): TimedTotals {
    return { ...this.#counters.totalsOf(slot), dialHistogram: this.#counters.timings.dialsOf(slot) };
  }
}

function add(a: TimedTotals, b: TimedTotals): TimedTotals {
  return { ...addUp(a, b), dialHistogram: addHistograms(a.dialHistogram, b.dialHistogram) };
}

const addUp = addTotals(upstreamCounters);
