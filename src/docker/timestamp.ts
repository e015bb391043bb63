/**
 * Parses and prints engine times as nanoseconds since the Unix epoch. They are bigints, because a double is exact only
 * to about 200 ns.
 */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Undefined when `text` is no RFC 3339 time; 0n for Go's zero time (0001-01-01), which the engine uses for "never". */
export function parseEngineTime(text: string): bigint | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes] = match;
  const utcMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offsetS = sign ? (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60 * (sign === '-' ? -1 : 1) : 0;
  const seconds = BigInt(utcMs / 1000 - offsetS);
  // Date.UTC maps years 0-99 to 1900-1999. Times before 1970 mean that the container never ran.
  if (Number(year) < 1970 || seconds < 0n) return 0n;
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** The form that the events call accepts for `since`; it refuses RFC 3339. */
export function formatSince(timeNs: bigint): string {
  const digits = timeNs.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
