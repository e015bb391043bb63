import { Histogram, type HistogramConfiguration } from 'prom-client';

/**
 * A histogram whose counts are kept elsewhere and read at each scrape. prom-client's own takes one observation at a
 * time, which in `collect()` would be one call for each dial since the last scrape.
 */
export interface HistogramReading {
  /** The buckets' upper bounds, in seconds. */
  readonly bounds: readonly number[];
  /** The count of each bucket; the last counts values beyond all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export class SharedHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => HistogramReading;

  constructor(config: HistogramConfiguration<string>, read: () => HistogramReading) {
    super(config);
    this.#name = config.name;
    this.#help = config.help;
    this.#read = read;
  }

  /** The method that prom-client's registry calls (lib/registry.js); its types do not name it. */
  getForPromString(): Promise<object> {
    const { bounds, counts, sum } = this.#read();
    let total = 0;
    const buckets = counts.map((count, bucket) => {
      total += count;
      return { metricName: `${this.#name}_bucket`, labels: { le: bounds[bucket] ?? '+Inf' }, value: total };
    });
    const values = [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels: {}, value: sum },
      { metricName: `${this.#name}_count`, labels: {}, value: total },
    ];
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', values });
  }
}
