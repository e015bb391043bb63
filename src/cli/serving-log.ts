import type { Settings } from '../config/settings.ts';
import { openLog, type Log } from '../telemetry/logger.ts';
import { formatDuration } from '../text/duration.ts';
import { hasColours } from './colours.ts';

/**
 * The log of a command that serves: how it begins, and how the process ends with it.
 */

/** How long the last log lines may take after the last session: less than what `docker stop` leaves of its 10 s. */
const flushMs = 1_000;

/** Opens the log on standard error, in the style of what shows it. */
export function openServingLog(settings: Pick<Settings, 'log-level' | 'log-format'>): Log {
  return openLog({
    level: settings['log-level'],
    format: settings['log-format'],
    style: { colours: hasColours(process.stderr), times: process.stderr.isTTY ? 'clock' : 'iso' },
  });
}

/** Says at the first signal what ends when, since the process may run on for so long. */
export function logStopping(logger: Log['logger'], signal: NodeJS.Signals, patienceMs: number): void {
  logger.info(
    { event: 'stopping', signal },
    `${signal}: accepting no new sessions; open sessions have ${formatDuration(patienceMs)} to end`,
  );
}

/**
 * Ends the process of a command that served, once its log is written or can't be. The process is not left to end by
 * itself: a write to standard output or error that its reader never takes would keep it alive.
 */
export async function endServing(log: Log, code: number): Promise<never> {
  await log.flush(flushMs);
  process.exit(code);
}
