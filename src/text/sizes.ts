/**
 * Prints amounts of bytes for people, in decimal units. Pure.
 */
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Prints `0 B`, `1.2 kB`, `99.9 kB` or `340 MB`, with one decimal below 100. Negative amounts count as 0. */
export function formatBytes(amount: number): string {
  const { value, unit } = scale(amount);
  return `${unit === 'B' || value >= 99.95 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`;
}

/** Prints `999 B`, `1.2 kB` or `34 MB`, with at most three characters before the unit, for narrow columns. */
export function formatBytesNarrow(amount: number): string {
  const { value, unit } = scale(amount);
  return `${unit !== 'B' && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** The largest unit in which the amount is printed with at most three digits before the point. */
function scale(amount: number): { readonly value: number; readonly unit: string } {
  let value = Math.max(0, amount);
  let index = 0;
  // From 999.5 on, rounding would print 1000.
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return { value, unit: units[index] ?? '' };
}
