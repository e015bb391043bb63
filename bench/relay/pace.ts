/** A schedule for sending: number n, from 0 on, is due at `beginMs + n * intervalMs`. */
export interface Pace {
  /** The start, by the clock of `hrtimeMs`. */
  readonly beginMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

/** The time of process.hrtime(), which all threads share, in milliseconds. */
export function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
