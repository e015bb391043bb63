import type { Log } from '../telemetry/logger.ts';

/** How long the last log lines may take after the last session: less than what `docker stop` leaves of its 10 s. */
const flushMs = 1_000;

/**
 * Ends the process of a command that served, once its log is written or can't be. The process is not left to end by
 * itself: a write to standard output or error that its reader never takes would keep it alive.
 */
export async function endServing(log: Log, code: number): Promise<never> {
  await log.flush(flushMs);
  process.exit(code);
}
