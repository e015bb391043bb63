import type { TimelineEvent } from '../../admin/event-schema.ts';
import { printable } from '../../text/printable.ts';
import type { Paint } from '../../text/paint.ts';
import { formatTime } from './time.ts';

/** Renders one event as one line. Pure. */
export function renderEvent({ at, source, level, event, message }: TimelineEvent, paint: Paint): string {
  const kind = `${source === 'engine' ? 'engine ' : ''}${printable(event)}`;
  return `${paint('dim', formatTime(at))} ${paint(level === 'warn' ? 'yellow' : 'cyan', kind.padEnd(18))} ${printable(message, 600)}`;
}
