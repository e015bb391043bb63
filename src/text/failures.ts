import { printable } from './printable.ts';

/**
 * Says how many sessions failed, the most frequent reason first: `3 failed: 2 hold-expired, 1 upstream-reset`. Pure.
 */
export function describeFailures(failures: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(failures).toSorted(([, a], [, b]) => b - a);
  const named = reasons.map(([reason, number]) => `${number} ${printable(reason)}`);
  return `${countFailures(failures)} failed: ${named.join(', ')}`;
}

export function countFailures(failures: Readonly<Record<string, number>>): number {
  return Object.values(failures).reduce((sum, number) => sum + number, 0);
}
