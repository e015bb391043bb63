import { formatAge } from '../text/age.ts';
import { plural as pluralOf } from '../text/plural.ts';
import { formatBytes } from '../text/sizes.ts';

/**
 * Prints numbers for people. Pure.
 */
export function rate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

const longUnits = { second: ' s', minute: ' min', hour: ' h', day: ' d' };

/** A duration in at most its two largest units: `8 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  return formatAge(ms, longUnits);
}

/** A latency; in milliseconds below a second: `<0.1 ms`, `0.4 ms`, `12 ms`, `1.2 s`. */
export function latency(ms: number): string {
  if (ms < 0.05) return '<0.1 ms';
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

const grouped = new Intl.NumberFormat('en');

export function count(value: number): string {
  return grouped.format(value);
}

/** `1 service`, `3,000 services`. */
export function plural(value: number, one: string, many?: string): string {
  return pluralOf(value, one, many, count);
}
