import { readdirSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { processMetrics } from './own-metrics.ts';
import { registerReading } from './register.ts';

/**
 * Metrics of the whole process. prom-client's own collection would wake an idle Sealane all the time to watch its event
 * loop, and has names that promtool objects to.
 */
export function registerProcess(registry: Registry): void {
  const startedAtSeconds = (Date.now() - performance.now()) / 1_000;
  const readings: Readonly<Record<keyof typeof processMetrics, () => number>> = {
    cpu() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    memory: () => process.memoryUsage.rss(),
    start: () => startedAtSeconds,
    descriptors: countDescriptors,
    heap: () => process.memoryUsage().heapUsed,
  };
  for (const name of Object.keys(readings) as (keyof typeof processMetrics)[])
    registerReading(registry, processMetrics[name], () => [{ value: readings[name]() }]);
}

function countDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
