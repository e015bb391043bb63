import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { countFailures } from '../../text/failures.ts';
import { stateStyles, type Style } from '../../text/paint.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { listensOn } from '../render/status.ts';
import { printable } from '../../text/printable.ts';
import { upstreamName } from '../../text/upstream-name.ts';
import { widthOf, type Cell } from '../render/table.ts';
import type { Figures } from './state.ts';

/**
 * The columns of the table of services, and which of them a terminal has room for. Pure.
 */
export interface TopColumn {
  readonly title: string;
  readonly width: number;
  readonly align?: 'left' | 'right';
  readonly cell: (service: ApiService, figures: Figures | undefined) => Cell;
}

export const gap = '  ';

const name: TopColumn = { title: 'SERVICE', width: 14, cell: (service) => ({ text: service.name, style: 'bold' }) };
const state: TopColumn = {
  title: 'STATE',
  width: 8,
  cell: (service) => ({ text: service.state, style: stateStyles[service.state] }),
};
const ready: TopColumn = {
  title: 'READY',
  width: 5,
  align: 'right',
  cell: ({ upstreams }) => ({ text: readiness(upstreams) }),
};
const listens: TopColumn = { title: 'LISTENS ON', width: 15, cell: (service) => ({ text: listensOn(service) }) };
const active = figure('ACTIVE', 6, ({ traffic }, figures) => figures?.active ?? traffic.active);
const held = figure('HELD', 5, (service, figures) => figures?.held ?? service.held, 'yellow');
const failed = figure('FAILED', 6, ({ failures }, figures) => countFailures(figures?.failures ?? failures), 'red');
const newSessions: TopColumn = {
  title: 'NEW/S',
  width: 6,
  align: 'right',
  cell: (_, figures) => ({ text: formatCount(figures?.sessionRate ?? 0) }),
};
const up: TopColumn = {
  title: 'UP',
  width: 9,
  align: 'right',
  cell: (_, figures) => ({ text: formatRate(figures?.upRate ?? 0) }),
};
const down: TopColumn = {
  title: 'DOWN',
  width: 9,
  align: 'right',
  cell: (_, figures) => ({ text: formatRate(figures?.downRate ?? 0) }),
};

/** In the order in which they are shown. */
const shownOrder: readonly TopColumn[] = [name, state, ready, listens, active, held, failed, newSessions, up, down];
/** The most important first: a narrow terminal shows as many as fit. */
const byImportance: readonly TopColumn[] = [name, state, ready, listens, active, failed, held, down, up, newSessions];

/** A number that is coloured where it is not 0. */
function figure(
  title: string,
  width: number,
  read: (service: ApiService, figures: Figures | undefined) => number,
  style?: Style,
): TopColumn {
  return {
    title,
    width,
    align: 'right',
    cell: (service, figures) => {
      const value = read(service, figures);
      return { text: String(value), style: value > 0 ? style : undefined };
    },
  };
}

function readiness(upstreams: readonly ApiUpstream[]): string {
  return `${upstreams.filter((one) => one.state === 'ready').length}/${upstreams.length}`;
}

/** The columns that fit. The remaining width goes to names, then to addresses, as far as the longest one needs it. */
export function columnsFor(services: readonly ApiService[], columns: number): readonly TopColumn[] {
  const fitting = new Set<TopColumn>();
  let used = -gap.length;
  for (const column of byImportance) {
    if (used + gap.length + column.width > columns) break;
    used += gap.length + column.width;
    fitting.add(column);
  }
  let spare = columns - used;
  const widen = (column: TopColumn): TopColumn => {
    if (column !== name && column !== listens) return column;
    const longest = services.reduce((most, one) => Math.max(most, neededBy(column, one)), 0);
    const more = Math.min(spare, Math.max(0, longest - column.width));
    spare -= more;
    return { ...column, width: column.width + more };
  };
  return shownOrder.filter((column) => fitting.has(column)).map(widen);
}

/** The names of its upstreams stand under that of the service, two cells to the right. */
function neededBy(column: TopColumn, service: ApiService): number {
  const own = widthOf(printable(column.cell(service, undefined).text, 400));
  if (column !== name) return own;
  return service.upstreams.reduce(
    (most, upstream) => Math.max(most, widthOf(printable(upstreamName(upstream))) + 2),
    own,
  );
}
