import type { ApiEndedSession, ApiEndedSessions, ApiSession, ApiSessions } from '../../admin/schema.ts';
import { formatDuration } from '../../text/duration.ts';
import type { Paint } from '../../text/paint.ts';
import { formatBytesNarrow } from '../../text/sizes.ts';
import { renderTable, type Cell, type Column } from './table.ts';
import { formatTime } from './time.ts';

/**
 * Renders running sessions and those that ended, for people. Pure.
 */
const liveColumns: readonly Column[] = [
  { title: 'CLIENT' },
  { title: 'SERVICE' },
  { title: 'STATE' },
  { title: 'UPSTREAM' },
  { title: 'AGE', align: 'right' },
  { title: 'UP', align: 'right' },
  { title: 'DOWN', align: 'right' },
];

const endedColumns: readonly Column[] = [
  { title: 'ENDED' },
  { title: 'CLIENT' },
  { title: 'SERVICE' },
  { title: 'UPSTREAM' },
  { title: 'WAITED', align: 'right' },
  { title: 'DIALED', align: 'right' },
  { title: 'UP', align: 'right' },
  { title: 'DOWN', align: 'right' },
  { title: 'REASON' },
];

export function renderSessions({ sessions, total, complete }: ApiSessions, paint: Paint): string {
  if (sessions.length === 0)
    return complete ? 'no session is open\n' : 'no session was listed: a relay thread did not answer in time\n';
  return linesOf([
    ...renderTable(liveColumns, sessions.map(liveRow), paint),
    ...more(sessions.length, total, 'the oldest'),
    ...(complete ? [] : ['', 'a relay thread did not answer in time: there are more']),
  ]);
}

export function renderEndedSessions({ sessions, total }: ApiEndedSessions, paint: Paint): string {
  if (sessions.length === 0) return 'no such session has ended lately\n';
  return linesOf([
    ...renderTable(endedColumns, sessions.map(endedRow), paint),
    ...more(sessions.length, total, 'the latest'),
  ]);
}

function liveRow(session: ApiSession): Cell[] {
  return [
    { text: session.client },
    { text: session.service, style: 'bold' },
    { text: session.state },
    { text: session.upstream ?? '-' },
    { text: formatDuration(Math.round(session.ageMs)) },
    { text: formatBytesNarrow(session.bytesUp) },
    { text: formatBytesNarrow(session.bytesDown) },
  ];
}

function endedRow(session: ApiEndedSession): Cell[] {
  const { service, upstream, heldMs, dialMs, reason, detail, lastDialError, failed } = session;
  const cause = detail ?? (upstream === null ? lastDialError : null);
  const endedAt = new Date(Date.parse(session.startedAt) + session.totalMs).toISOString();
  return [
    { text: formatTime(endedAt), style: 'dim' },
    { text: session.client },
    { text: service ?? '-', style: 'bold' },
    { text: upstream ?? '-' },
    { text: `${Math.round(heldMs)} ms` },
    { text: `${Math.round(dialMs)} ms` },
    { text: formatBytesNarrow(session.bytesUp) },
    { text: formatBytesNarrow(session.bytesDown) },
    { text: cause === null ? reason : `${reason} (${cause})`, style: failed ? 'red' : undefined },
  ];
}

function more(shown: number, total: number, which: string): string[] {
  return shown === total ? [] : ['', `${which} ${shown} of ${total} are shown`];
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
