import { upstreamCounters } from '../../relay/boundary/counter-table.ts';
import { trafficFields } from '../derived-fields.ts';
import type { ApiTraffic } from '../schema.ts';
import { noTraffic } from '../source.ts';

/**
 * Decides which services have series of their own, and sums up the others. A counter must never fall
 * (https://prometheus.io/docs/concepts/metric_types/#counter), but services come and go: so the sum of the others grows
 * by what each of them counted since the last read, and keeps what services that left had counted.
 */
export class ServiceSeries {
  readonly #trafficOf: (service: string) => ApiTraffic;
  readonly #most: number;
  readonly #named = new Set<string>();
  /**
   * What each service has added to the sum; kept for services that are gone while the relay still has their figures.
   */
  readonly #others = new Map<string, ApiTraffic>();
  #sum: ApiTraffic | undefined;

  constructor(trafficOf: (service: string) => ApiTraffic, most: number) {
    this.#trafficOf = trafficOf;
    this.#most = most;
  }

  /** `others` exists once there were more services than may have series. */
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
      // A service that returns among the others must not add what it had counted under its own name again.
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
      // A value below the last one means that the counters were released and began anew.
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
