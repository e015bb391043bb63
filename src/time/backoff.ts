/**
 * Exponential backoff with jitter over the upper half of the delay, so that many callers do not retry in step.
 */
export interface BackoffOptions {
  /** The delay before the first retry, in milliseconds, before jitter. */
  readonly firstMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before retry number `attempt` (0 is the first). `random` returns a number in [0, 1).
 * The result lies in [d/2, d] where d = min(maxMs, firstMs * 2^attempt).
 */
export function backoffDelayMs(attempt: number, options: BackoffOptions, random: () => number): number {
  // 2^30 is already far past any maximum; capping the exponent keeps the product finite after days of retries.
  const ceiling = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}
