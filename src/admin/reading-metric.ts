import type { Metric } from 'prom-client';

/**
 * Metrics whose values are kept elsewhere and read when Prometheus asks. prom-client's own keep theirs.
 */
export interface Value {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Other than the metric's own, for the parts of a histogram. */
  readonly metricName?: string;
}

/** prom-client asks no more of a metric than a name and `get`. */
export function reading(
  type: 'gauge' | 'counter' | 'histogram',
  name: string,
  help: string,
  read: () => readonly Value[],
): Metric {
  const get = (): Promise<object> =>
    Promise.resolve({ name, help, type, aggregator: 'sum', values: read().map((value) => ({ labels: {}, ...value })) });
  return { name, get, reset() {} } as unknown as Metric;
}
