import { overflowSlot, type Counters, type UpstreamTotals } from '../boundary/counters.ts';
import type { Refusal } from '../boundary/report.ts';
import type { ServiceTotals, TimedTotals } from './service-totals.ts';
import type { Slots } from '../boundary/slots.ts';
import type { Histogram } from '../boundary/timings.ts';

/**
 * What the relay's counters say, over all threads; to be read at any time.
 */
export interface PlaneFigures {
  /** Bytes of running sessions are a second old at most. Undefined for an upstream that is long gone. */
  upstream(key: string): UpstreamTotals | undefined;
  totals(): PlaneTotals;
  /** All upstreams that a service ever had, so that figures never go down. */
  service(name: string): UpstreamTotals;
  /** Clients of the service that wait for an upstream now; 0 for a service that is not in the table. */
  held(service: string): number;
  all(): TimedTotals;
  /** Dials that were answered, by how long they took. */
  dials(key: string): Histogram | undefined;
  /** How late each worker's event loop ran lately, in milliseconds. */
  lags(): readonly number[];
}

export interface PlaneTotals {
  /** Clients accepted since the start. */
  readonly accepted: number;
  /** Clients that wait now. */
  readonly held: number;
  /** Sessions open now, the held ones among them. */
  readonly open: number;
  /** Clients rejected since the start, by the reason. */
  readonly refused: Readonly<Record<Refusal, number>>;
}

interface FigureSources {
  readonly counters: Counters;
  readonly slots: Slots;
  readonly serviceSlots: Slots;
  readonly services: ServiceTotals;
  /** How many worker threads there are. */
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
      // The shared slot says nothing about one service.
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
