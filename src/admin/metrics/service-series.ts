import { upstreamCounters } from '../../relay/boundary/counter-table.ts';
import { trafficFields } from '../derived-fields.ts';
import type { ApiTraffic } from '../schema.ts';
import { noTraffic } from '../source.ts';

/**
 * Which services have series of their own, and what the others come to. A counter must never fall
 * (https://prometheus.io/docs/concepts/metric_types/#counter), but services come and go, and change places: so the sum
 * of the others grows by what each of them counted since it was looked at last, and keeps what those that left counted.
 */
export class ServiceSeries {
  readonly #trafficOf: (service: string) => ApiTraffic;
  readonly #most: number;
  readonly #named = new Set<string>();
  /** What was counted into the sum, by service. Of those that are gone, too, while the relay has figures of theirs. */
  readonly #others = new Map<string, ApiTraffic>();
  #sum: ApiTraffic | undefined;

  constructor(trafficOf: (service: string) => ApiTraffic, most: number) {
    this.#trafficOf = trafficOf;
    this.#most = most;
  }

  /** `others` once there ever were more than may have series. */
  read(services: ReadonlyMap<string, unknown>): {
    readonly named: readonly (readonly [service: string, ApiTraffic])[];
    readonly others: ApiTraffic | undefined;
  } {
    this.#place(services);
    const named = [...services.keys()].flatMap((name) =>
      this.#named.has(name) ? [[name, this.#trafficOf(name)] as const] : [],
    );
    return { named, others: this.#addUp(services) };
  }

  #place(services: ReadonlyMap<string, unknown>): void {
    for (const name of this.#named) {
      if (services.has(name)) continue;
      this.#named.delete(name);
      // Should it come back among the others, what it had counted under its own name is not counted again.
      if (this.#sum) this.#others.set(name, this.#trafficOf(name));
    }
    for (const name of services.keys()) {
      if (this.#named.has(name)) continue;
      if (this.#named.size < this.#most) {
        this.#named.add(name);
        this.#others.delete(name);
      } else {
        this.#sum ??= noTraffic;
        if (!this.#others.has(name)) this.#others.set(name, noTraffic);
      }
    }
  }

  #addUp(services: ReadonlyMap<string, unknown>): ApiTraffic | undefined {
    if (!this.#sum) return undefined;
    const sum = { ...this.#sum };
    for (const field of gauges) sum[field] = 0;
    for (const [name, before] of this.#others) {
      const now = this.#trafficOf(name);
      for (const field of gauges) sum[field] += now[field];
      // Less than before: its counters were given up, and began anew.
      for (const field of counted) sum[field] += now[field] < before[field] ? now[field] : now[field] - before[field];
      if (services.has(name) || counted.some((field) => now[field] > 0)) this.#others.set(name, now);
      else this.#others.delete(name);
    }
    this.#sum = sum;
    return sum;
  }
}

const counted = trafficFields.filter((field) => upstreamCounters[field].kind === 'counter');
const gauges = trafficFields.filter((field) => upstreamCounters[field].kind === 'gauge');
