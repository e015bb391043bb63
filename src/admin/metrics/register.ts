import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetricDeclaration } from './own-metrics.ts';

/**
 * Registers metrics whose values are kept elsewhere and read at each scrape.
 */
export interface Value {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export function registerReading(registry: Registry, declared: MetricDeclaration, read: () => readonly Value[]): void {
  registry.registerMetric(declared.type === 'gauge' ? gauge(declared, read) : counter(declared, read));
}

function gauge({ name, help, labels = [] }: MetricDeclaration, read: () => readonly Value[]): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const { value, labels: own = {} } of read()) this.set(own, value);
    },
  });
}

function counter({ name, help, labels = [] }: MetricDeclaration, read: () => readonly Value[]): Counter {
  return new Counter({
    name,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const { value, labels: own = {} } of read()) this.inc(own, value);
    },
  });
}
