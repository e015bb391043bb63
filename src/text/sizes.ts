/**
 * Amounts of bytes for people, in decimal units. Pure.
 */
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0 B`, `1.2 kB`, `99.9 kB`, `340 MB`: one decimal below 100. Amounts below 0 count as 0. */
export function formatBytes(amount: number): string {
  const { value, unit } = scale(amount);
  return `${unit === 'B' || value >= 99.95 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`;
}

/** `999 B`, `1.2 kB`, `34 MB`: at most three characters before the unit, for narrow columns. */
export function formatBytesNarrow(amount: number): string {
  const { value, unit } = scale(amount);
  return `${unit !== 'B' && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** The largest unit in which the amount is printed with at most three digits before the point. */
function scale(amount: number): { readonly value: number; readonly unit: string } {
  let value = Math.max(0, amount);
  let index = 0;
  // The number 999.5 would be shown as 1000.
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return { value, unit: units[index] ?? '' };
}
