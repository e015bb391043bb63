import { refusals, type CloseReason, type SessionRecord } from '../relay/report.ts';
import type { Logger } from './logger.ts';
import { printable } from './printable.ts';

/**
 * One log line for each session that ended.
 */
export type AccessLogMode = 'all' | 'failed' | 'off';

const failures: ReadonlySet<CloseReason> = new Set([
  'hold-expired',
  'hold-full',
  'upstream-gone',
  'upstream-reset',
  'upstream-refused-tls',
  ...refusals,
]);

/** Whether the client did not get what it came for, as far as a TCP proxy can tell. */
export function isFailure(record: SessionRecord): boolean {
  return failures.has(record.reason);
}

export function logSessions(
  logger: Logger,
  mode: AccessLogMode,
  records: readonly SessionRecord[],
  dropped: number,
): void {
  if (mode === 'off') return;
  for (const record of records) {
    const failed = isFailure(record);
    if (mode === 'failed' && !failed) continue;
    logger[failed ? 'warn' : 'info']({ session: record }, sessionLine(record));
  }
  if (dropped > 0)
    logger.warn({ dropped }, `${dropped} session records were dropped: they came faster than they could be logged`);
}

export function sessionLine(record: SessionRecord): string {
  const upstream = record.upstream === undefined ? 'no upstream' : `${record.upstream} (${record.endpoint ?? '?'})`;
  const held = record.heldMs >= 1 ? `, held ${Math.round(record.heldMs)} ms` : '';
  const retries = record.retries > 0 ? `, ${record.retries} retries` : '';
  const cause = record.lastDialError !== undefined && record.upstream === undefined ? ` (${record.lastDialError})` : '';
  const via = record.via === undefined ? '' : ` (via ${record.via})`;
  const name = record.name === undefined ? '' : ` (asked for ${printable(record.name)})`;
  return (
    `${record.client}${via} → ${record.service ?? 'no service'}${name} → ${upstream}: ${record.bytesUp} B up, ${record.bytesDown} B down, ` +
    `${Math.round(record.totalMs)} ms${held}${retries}, ${record.reason}${cause}`
  );
}
