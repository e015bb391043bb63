/** When a client is to send: the n-th time at `beginMs + n * intervalMs`, from 0 on. */
export interface Pace {
  /** Of `hrtimeMs`. */
  readonly beginMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

/** process.hrtime(), which all threads share, in milliseconds. */
export function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
