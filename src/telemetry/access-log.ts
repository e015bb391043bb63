import { isFailure, type CloseReason, type SessionRecord } from '../relay/boundary/report.ts';
import type { Clock, Timer } from '../time/clock.ts';
import type { Logger } from './logger.ts';
import { printable } from '../text/printable.ts';

/**
 * Writes one log line for each session that ended, with its whole record (docs/metrics.md). Lines of a service beyond
 * the limit of a second are summed up in one line.
 */
export type AccessLogMode = 'all' | 'failed' | 'off';

export interface AccessLogOptions {
  readonly mode: AccessLogMode;
  /** The most lines a second for each service, and as many again for its failures; 0: no limit. */
  readonly linesPerSecond: number;
}

export interface AccessLog {
  /** `dropped`: records that were lost before they came here. */
  log(records: readonly SessionRecord[], dropped: number): void;
  stop(): void;
}

export interface AccessLogParts {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The reason why clients of the service fail, as far as it is known; asked once for each batch. */
  readonly whyNot?: (service: string) => string | undefined;
}

const windowMs = 1_000;

export function createAccessLog(
  { logger, clock, whyNot }: AccessLogParts,
  { mode, linesPerSecond }: AccessLogOptions,
): AccessLog {
  /** The lines written in this second, and the records without one. */
  const written = new Map<string, { lines: number; more: number }>();
  let timer: Timer | undefined;

  const endWindow = (): void => {
    timer = undefined;
    for (const [key, { more }] of written) {
      if (more === 0) continue;
      const service = key.slice(1);
      logger.info(
        { event: 'sessions-not-logged', service, count: more },
        `${more} more sessions of ${service} in this second are not logged one by one`,
      );
    }
    written.clear();
  };

  const mayWrite = (service: string, failed: boolean): boolean => {
    if (linesPerSecond === 0) return true;
    timer ??= clock.after(windowMs, endWindow);
    const key = `${failed ? '!' : '.'}${service}`;
    const count = written.get(key) ?? { lines: 0, more: 0 };
    written.set(key, count);
    if (count.lines >= linesPerSecond) {
      count.more += 1;
      return false;
    }
    count.lines += 1;
    return true;
  };

  return {
    log(records, dropped) {
      if (mode === 'off') return;
      const whys = new Map<string, string | undefined>();
      for (const record of records) {
        const failed = isFailure(record.reason);
        if (mode === 'failed' && !failed) continue;
        if (!mayWrite(record.service ?? 'no service', failed)) continue;
        const why = failed && unserved.has(record.reason) ? remembered(whys, record.service, whyNot) : undefined;
        const line = sessionLine(record);
        logger[failed ? 'warn' : 'info'](
          { event: 'session', session: record, ...(why !== undefined && { why }) },
          why === undefined ? line : `${line}; ${why}`,
        );
      }
      if (dropped > 0)
        logger.warn(
          { event: 'session-records-dropped', dropped },
          `${dropped} session records were dropped: they came faster than they could be logged`,
        );
    },
    stop() {
      timer?.cancel();
      endWindow();
    },
  };
}

/** Reasons that the service's state explains. */
const unserved: ReadonlySet<CloseReason> = new Set([
  'hold-expired',
  'hold-full',
  'upstream-gone',
  'upstream-reset',
  'upstream-timeout',
]);

function remembered(
  whys: Map<string, string | undefined>,
  service: string | undefined,
  whyNot: AccessLogParts['whyNot'],
): string | undefined {
  if (service === undefined) return undefined;
  if (!whys.has(service)) whys.set(service, whyNot?.(service));
  return whys.get(service);
}

export function sessionLine(record: SessionRecord): string {
  const upstream = record.upstream === undefined ? 'no upstream' : `${record.upstream} (${record.endpoint ?? '?'})`;
  const held = record.heldMs >= 1 ? `, held ${Math.round(record.heldMs)} ms` : '';
  const retries = record.retries > 0 ? `, ${record.retries} retries` : '';
  const detail = record.detail ?? (record.upstream === undefined ? record.lastDialError : undefined);
  const cause = detail === undefined ? '' : ` (${detail})`;
  const via = record.via === undefined ? '' : ` (via ${record.via})`;
  const name = record.name === undefined ? '' : ` (asked for ${printable(record.name)})`;
  return (
    `${record.client}${via} → ${record.service ?? 'no service'}${name} → ${upstream}: ${record.bytesUp} B up, ${record.bytesDown} B down, ` +
    `${Math.round(record.totalMs)} ms${held}${retries}, ${record.reason}${cause}`
  );
}
