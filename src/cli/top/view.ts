import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { printable } from '../../text/printable.ts';
import { renderEvent } from '../render/event.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { plural } from '../../text/plural.ts';
import { painter, stateStyles, type Paint, type Style } from '../../text/paint.ts';
import { headline, listensOn } from '../render/status.ts';
import { fit, type Cell } from '../render/table.ts';
import { shownServices, type Figures, type TopState } from './state.ts';

/**
 * Renders `sealane top`: exactly as many lines as the terminal has, none wider than the terminal. Pure.
 */
export interface TopSize {
  readonly columns: number;
  readonly rows: number;
}

export function renderTop(state: TopState, { columns, rows }: TopSize, colour: boolean, nowMs: number): string[] {
  const paint = painter(colour);
  const header = [cut(top(state, nowMs), columns, paint, 'bold'), totals(state, columns, paint), ''];
  const eventRows = rows < 14 ? 0 : Math.min(10, Math.floor(rows / 3));
  const bodyRows = Math.max(0, rows - header.length - 2 - (eventRows === 0 ? 0 : eventRows + 2));
  const shown = columnsFor(columns);
  const lines = [
    ...header,
    paint('dim', fit(shown.map(({ title, width, align }) => fit(title, width, align)).join(gap), columns)),
    ...body(state, shown, columns, bodyRows, paint),
    ...(eventRows === 0 ? [] : ['', ...timeline(state, columns, eventRows, paint)]),
    footer(state, columns, paint),
  ];
  return lines.slice(0, Math.max(0, rows));
}

function top({ answer, lost }: TopState, nowMs: number): string {
  if (lost !== undefined) return `STALE: ${printable(lost, 400)}; trying again`;
  return answer === undefined ? 'asking …' : headline(answer.status, nowMs);
}

function totals({ totals: all, answer }: TopState, columns: number, paint: Paint): string {
  const { up = 0, degraded = 0, down = 0 } = answer?.status.services ?? {};
  const parts = [
    `${all.active} open`,
    `${all.held} held`,
    `${formatCount(all.sessionRate)} new/s`,
    `↑ ${formatRate(all.upRate)}`,
    `↓ ${formatRate(all.downRate)}`,
    `${up} up, ${degraded} degraded, ${down} down`,
    plural(answer?.status.problems ?? 0, 'problem'),
  ];
  return cut(parts.join('   '), columns, paint, down > 0 ? 'red' : degraded > 0 ? 'yellow' : undefined);
}

interface TopColumn {
  readonly title: string;
  readonly width: number;
  readonly align?: 'left' | 'right';
  readonly cell: (service: ApiService, figures: Figures | undefined) => Cell;
}

const gap = '  ';
const nameWidth = 24;

/** All columns, the most important first: a narrow terminal shows as many as fit. */
const allColumns: readonly TopColumn[] = [
  { title: 'SERVICE', width: nameWidth, cell: ({ name }) => ({ text: name }) },
  { title: 'STATE', width: 9, cell: ({ state }) => ({ text: state, style: stateStyles[state] }) },
  { title: 'READY', width: 7, align: 'right', cell: ({ upstreams }) => ({ text: readiness(upstreams) }) },
  {
    title: 'ACTIVE',
    width: 6,
    align: 'right',
    cell: ({ traffic }, figures) => ({ text: String(figures?.active ?? traffic.active) }),
  },
  {
    title: 'HELD',
    width: 5,
    align: 'right',
    cell: (service, figures) => heldCell(figures?.held ?? service.held),
  },
  {
    title: 'NEW/S',
    width: 6,
    align: 'right',
    cell: (_, figures) => ({ text: formatCount(figures?.sessionRate ?? 0) }),
  },
  { title: 'UP', width: 9, align: 'right', cell: (_, figures) => ({ text: formatRate(figures?.upRate ?? 0) }) },
  { title: 'DOWN', width: 9, align: 'right', cell: (_, figures) => ({ text: formatRate(figures?.downRate ?? 0) }) },
  { title: 'LISTENS ON', width: 24, cell: (service) => ({ text: listensOn(service) }) },
];

function columnsFor(columns: number): readonly TopColumn[] {
  let used = 0;
  const shown: TopColumn[] = [];
  for (const column of allColumns) {
    const next = used + (shown.length === 0 ? 0 : gap.length) + column.width;
    if (next > columns) break;
    shown.push(column);
    used = next;
  }
  const [name, ...others] = shown;
  // The remaining width goes to the names; a terminal too narrow for the name column shows only the names, cut.
  if (!name) return [{ ...(allColumns[0] as TopColumn), width: columns }];
  return [{ ...name, width: name.width + Math.min(24, columns - used) }, ...others];
}

function body(
  state: TopState,
  shown: readonly TopColumn[],
  columns: number,
  rows: number,
  paint: Paint,
): readonly string[] {
  // Thousands of services have more rows than the screen: only the visible rows are rendered.
  const all: (() => string)[] = [];
  let cursor = 0;
  for (const service of shownServices(state)) {
    const isSelected = service.name === state.selected;
    if (isSelected) cursor = all.length;
    all.push(() => serviceLine(service, state.figures.get(service.name), shown, columns, isSelected, paint));
    if (state.opened.has(service.name)) all.push(...details(service, shown[0]?.width ?? columns, columns, paint));
  }
  if (all.length === 0 && state.answer !== undefined) {
    const why = state.filter === '' ? 'no services yet' : 'no service name contains the filter';
    all.push(() => fit(why, columns));
  }
  const from = Math.max(0, Math.min(all.length - rows, cursor - Math.floor(rows / 2)));
  return Array.from({ length: rows }, (_, index) => all[from + index]?.() ?? '');
}

/** The lines of an opened service: its reason, its problems and its upstreams. */
function details(service: ApiService, width: number, columns: number, paint: Paint): (() => string)[] {
  const { state, reason, problems, upstreams } = service;
  return [
    ...(state === 'up' ? [] : [() => cut(`  ${printable(reason, 400)}`, columns, paint, 'dim')]),
    ...problems.map(
      ({ subject, message }) =>
        () =>
          cut(`  ${printable(subject)}: ${printable(message, 400)}`, columns, paint, 'yellow'),
    ),
    ...upstreams.map((upstream) => () => upstreamLine(upstream, width, columns, paint)),
  ];
}

function serviceLine(
  service: ApiService,
  figures: Figures | undefined,
  shown: readonly TopColumn[],
  columns: number,
  isSelected: boolean,
  paint: Paint,
): string {
  const cells = shown.map(({ cell, width, align }) => {
    const { text, style } = cell(service, figures);
    const fitted = fit(printable(text, 400), width, align);
    return isSelected || style === undefined ? fitted : paint(style, fitted);
  });
  const line = cells.join(gap);
  return isSelected ? paint('inverse', fit(line, columns)) : line;
}

function upstreamLine(upstream: ApiUpstream, width: number, columns: number, paint: Paint): string {
  const { name, state, reason, traffic, endpoints, weight, backup } = upstream;
  const marks = [weight === 1 ? '' : `weight ${weight}`, backup ? 'backup' : ''].filter((one) => one !== '');
  const start = `  ${fit(printable(name), width - 2)}${gap}`;
  const stateText = fit(state, 9);
  const rest = `${gap}${String(traffic.active).padStart(4)} active${gap}${endpoints.map((one) => printable(one)).join(', ')}${gap}${[...marks, printable(reason, 400)].join(', ')}`;
  const room = columns - width - gap.length - 9;
  if (room <= 0) return fit(start + stateText, columns);
  return `${start}${paint(stateStyles[state] ?? 'dim', stateText)}${paint('dim', fit(rest, room))}`;
}

function timeline({ events }: TopState, columns: number, rows: number, paint: Paint): string[] {
  const plain = painter(false);
  const lines = events
    .slice(-rows)
    .map((event) => cut(renderEvent(event, plain), columns, paint, event.level === 'warn' ? 'yellow' : undefined));
  return [paint('dim', fit('EVENTS', columns)), ...Array.from({ length: rows }, (_, index) => lines[index] ?? '')];
}

function footer({ isFiltering, filter, order }: TopState, columns: number, paint: Paint): string {
  if (isFiltering) return cut(`/${printable(filter)}▏  enter keep  esc clear`, columns, paint, 'cyan');
  const filtered = filter === '' ? '/ filter' : `/ filter: ${printable(filter)} (esc: clear)`;
  return cut(
    `q quit   ↑↓ choose   enter upstreams   s by ${order === 'name' ? 'traffic' : 'name'}   ${filtered}`,
    columns,
    paint,
    'dim',
  );
}

function readiness(upstreams: readonly ApiUpstream[]): string {
  return `${upstreams.filter(({ state }) => state === 'ready').length}/${upstreams.length}`;
}

function heldCell(held: number): Cell {
  return { text: String(held), style: held > 0 ? 'yellow' : undefined };
}

function cut(text: string, columns: number, paint: Paint, style: Style | undefined): string {
  const fitted = fit(text, columns).trimEnd();
  return style === undefined ? fitted : paint(style, fitted);
}
