import { printable } from '../../text/printable.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { formatTime } from '../render/time.ts';
import type { Figures, TopState } from './state.ts';

/**
 * Renders `sealane top` where standard output is no terminal: one line for each second. Pure.
 */
const mostServices = 8;

export function plainLine({ statsAtMs = 0, totals, figures }: TopState): string {
  const busy = [...figures]
    .filter(([, one]) => one.active > 0 || one.held > 0 || one.sessionRate > 0)
    .toSorted(([, a], [, b]) => b.upRate + b.downRate - a.upRate - a.downRate);
  const services = busy.slice(0, mostServices).map(([name, one]) => `${printable(name)}: ${describe(one, 'active')}`);
  const more = busy.length > mostServices ? [`and ${busy.length - mostServices} more`] : [];
  const time = formatTime(new Date(statsAtMs).toISOString()).slice(0, 8);
  return [`${time} ${describe(totals, 'open')}`, ...services, ...more].join('; ');
}

function describe({ active, held, sessionRate, upRate, downRate }: Figures, word: string): string {
  return `${active} ${word}, ${held} held, ${formatCount(sessionRate)} new/s, up ${formatRate(upRate)}, down ${formatRate(downRate)}`;
}

export function jsonLine({ statsAtMs = 0, totals, figures }: TopState): string {
  return JSON.stringify({ at: new Date(statsAtMs).toISOString(), totals, services: Object.fromEntries(figures) });
}
