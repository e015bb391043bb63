/**
 * Prints a time span for people, in at most its two largest units. Pure.
 */
export interface AgeUnits {
  readonly second: string;
  readonly minute: string;
  readonly hour: string;
  readonly day: string;
}

const short: AgeUnits = { second: 's', minute: 'm', hour: 'h', day: 'd' };

/** Prints `5s`, `3m`, `2h 5m` or `4d 3h`, with the given unit names. Negative spans count as 0. */
export function formatAge(ms: number, units: AgeUnits = short): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}${units.second}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${units.minute}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return both(hours, units.hour, minutes % 60, units.minute);
  return both(Math.floor(hours / 24), units.day, hours % 24, units.hour);
}

function both(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}
