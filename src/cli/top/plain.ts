import { plural } from '../../text/plural.ts';
import { printable } from '../../text/printable.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { swapsInWords } from '../render/status.ts';
import { formatTime } from '../render/time.ts';
import type { Figures, TopState } from './state.ts';

/**
 * Renders `sealane top` where standard output is no terminal: one line for each second. Pure.
 */
const mostServices = 8;
const mostSwaps = 3;

export function plainLine({ statsAtMs = 0, totals, figures, answer }: TopState): string {
  const busy = [...figures]
    .filter(([, one]) => one.active > 0 || one.held > 0 || one.sessionRate > 0)
    .toSorted(([, a], [, b]) => b.upRate + b.downRate - a.upRate - a.downRate);
  const services = busy.slice(0, mostServices).map(([name, one]) => `${printable(name)}: ${describe(one, 'active')}`);
  const more = busy.length > mostServices ? [`and ${busy.length - mostServices} more`] : [];
  const time = formatTime(new Date(statsAtMs).toISOString()).slice(0, 8);
  const swaps = swapsInWords(answer?.services ?? [], statsAtMs).map(({ mark, words }) => `${mark} ${words}`);
  const others = swaps.length > mostSwaps ? [`and ${plural(swaps.length - mostSwaps, 'swap')} more`] : [];
  return [`${time} ${describe(totals, 'open')}`, ...swaps.slice(0, mostSwaps), ...others, ...services, ...more].join(
    '; ',
  );
}

function describe({ active, held, sessionRate, upRate, downRate }: Figures, word: string): string {
  return `${active} ${word}, ${held} held, ${formatCount(sessionRate)} new/s, up ${formatRate(upRate)}, down ${formatRate(downRate)}`;
}

export function jsonLine({ statsAtMs = 0, totals, figures, answer }: TopState): string {
  const at = new Date(statsAtMs).toISOString();
  const swaps = answer?.services.flatMap(({ standIns }) => standIns) ?? [];
  return JSON.stringify({ at, totals, services: Object.fromEntries(figures), swaps });
}
