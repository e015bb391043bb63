import { overflowSlot, type Counters, type UpstreamTotals } from '../boundary/counters.ts';
import type { Refusal } from '../boundary/report.ts';
import type { ServiceTotals, TimedTotals } from './service-totals.ts';
import type { Slots } from '../boundary/slots.ts';
import type { Histogram } from '../boundary/timings.ts';

/**
 * The figures of the relay's counters, summed over all threads. They can be read at any time.
 */
export interface PlaneFigures {
  /** The figures of an upstream; undefined if it is long gone. Bytes of live sessions are a second old at most. */
  upstream(key: string): UpstreamTotals | undefined;
  totals(): PlaneTotals;
  /** The sum over all upstreams that a service ever had, so that totals never go down. */
  service(name: string): UpstreamTotals;
  /** The service's clients that are held now; 0 for a service that is not in the table. */
  held(service: string): number;
  all(): TimedTotals;
  /** A histogram of how long answered dials took. */
  dials(key: string): Histogram | undefined;
  /** How late the event loop of each worker ran lately, in milliseconds. */
  lags(): readonly number[];
}

export interface PlaneTotals {
  /** Clients accepted since the start. */
  readonly accepted: number;
  /** Clients that are held now. */
  readonly held: number;
  /** Sessions that are open now, held ones included. */
  readonly open: number;
  /** Clients rejected since the start, by reason. */
  readonly refused: Readonly<Record<Refusal, number>>;
}

interface FigureSources {
  readonly counters: Counters;
  readonly slots: Slots;
  readonly serviceSlots: Slots;
  readonly services: ServiceTotals;
  /** The number of worker threads. */
  readonly threads: () => number;
}

export function figuresFrom({ counters, slots, serviceSlots, services, threads }: FigureSources): PlaneFigures {
  return {
    upstream(key) {
      const slot = slots.slotOf(key);
      return slot === undefined ? undefined : counters.totalsOf(slot);
    },
    totals() {
      const { accepted, adopted, closed, ...refused } = counters.totals();
      return { accepted, held: counters.held, open: accepted + adopted - closed, refused };
    },
    service: (name) => services.of(name),
    held(service) {
      const slot = serviceSlots.slotOf(service) ?? overflowSlot;
      // The shared slot counts several services, so it has no figure for one.
      return slot === overflowSlot ? 0 : counters.heldOf(slot);
    },
    all: () => services.all(),
    dials(key) {
      const slot = slots.slotOf(key);
      return slot === undefined ? undefined : counters.timings.dialsOf(slot);
    },
    lags: () => Array.from({ length: threads() }, (_, worker) => counters.timings.lagOf(worker)),
  };
}
