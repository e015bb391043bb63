import { readdirSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { reading } from './reading-metric.ts';

/**
 * The process as a whole, by the names that Prometheus' own libraries use. prom-client's collection of them would wake
 * an idle Sealane all the time to watch its event loop, and has names that promtool objects to.
 */
export function registerProcess(registry: Registry): void {
  const startedAtSeconds = (Date.now() - performance.now()) / 1_000;
  const add = (type: 'gauge' | 'counter', name: string, help: string, read: () => number): void =>
    registry.registerMetric(reading(type, name, help, () => [{ value: read() }]));
  add('counter', 'process_cpu_seconds_total', 'CPU time of all threads, in user and kernel mode.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  add('gauge', 'process_resident_memory_bytes', 'Memory in RAM.', () => process.memoryUsage.rss());
  add(
    'gauge',
    'process_start_time_seconds',
    'Start of the process, in seconds since the epoch.',
    () => startedAtSeconds,
  );
  add('gauge', 'process_open_fds', 'Open file descriptors; 0 where that is not known.', countDescriptors);
  add(
    'gauge',
    'nodejs_heap_used_bytes',
    'JavaScript objects of the control thread.',
    () => process.memoryUsage().heapUsed,
  );
}

function countDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
