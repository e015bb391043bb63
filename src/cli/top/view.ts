import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { printable } from '../../text/printable.ts';
import { renderEvent } from '../render/event.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { plural } from '../../text/plural.ts';
import { painter, stateStyles, type Paint, type Style } from '../../text/paint.ts';
import { headline } from '../render/status.ts';
import { fit, wrap } from '../render/table.ts';
import { columnsFor, gap, type TopColumn } from './columns.ts';
import { helpLines } from './help.ts';
import { shownServices, type Figures, type Shown, type TopState } from './state.ts';

/**
 * Renders `sealane top`: exactly as many lines as the terminal has, none wider than the terminal. Pure.
 */
export interface TopSize {
  readonly columns: number;
  readonly rows: number;
}

const smallest: TopSize = { columns: 48, rows: 8 };

export function renderTop(state: TopState, size: TopSize, colour: boolean, nowMs: number): string[] {
  const { columns, rows } = size;
  const paint = painter(colour);
  if (columns < smallest.columns || rows < smallest.rows) {
    const needs = `sealane top needs ${smallest.columns}x${smallest.rows}, not ${columns}x${rows}`;
    return [fit(needs, columns)].slice(0, Math.max(0, rows));
  }
  const header = [cut(top(state, nowMs), columns, paint, 'bold'), totals(state, columns, paint), ''];
  const middleRows = rows - header.length - 1;
  return [...header, ...pages[state.page](state, { columns, rows: middleRows }, paint), footer(state, columns, paint)];
}

/** Each page in exactly as many rows as it gets. */
const pages: Readonly<Record<TopState['page'], (state: TopState, size: TopSize, paint: Paint) => readonly string[]>> = {
  services: servicesPage,
  problems: problemsPage,
  help: ({ scrolled }, size, paint) => scrolledPage(helpLines(size.columns, paint), scrolled, size),
};

/** What the terminal shows, as the keys need to know it. */
export function shownOn(state: TopState, size: TopSize): Shown {
  const page = { columns: size.columns, rows: size.rows - fixedRows + 1 };
  const plain = painter(false);
  const lines = {
    services: () => 0,
    problems: () => allProblems(state, page, plain).length,
    help: () => helpLines(size.columns, plain).length,
  }[state.page]();
  const mostScrolled = lines > page.rows ? lines - page.rows + 1 : 0;
  return { open: openServices(state, page), mostScrolled };
}

/** Those that the user opened; all but those that the user closed, where there is room for the upstreams of all. */
function openServices(state: TopState, { rows }: TopSize): ReadonlySet<string> {
  const services = shownServices(state);
  const needed = services.reduce((sum, service) => sum + 1 + detailRows(service), 0);
  const otherwise = needed > rows - 1 - leastEvents ? 'closed' : 'open';
  const names = services.map(({ name }) => name);
  return new Set(names.filter((name) => (state.toggled.get(name) ?? otherwise) === 'open'));
}

/** The rows around the services: two of the header, an empty one, the titles and the footer. */
const fixedRows = 5;
/** Events have as many rows at least, with their title and an empty one; on a page of fewer rows none. */
const leastEvents = 8;
const rowsForEvents = 16;

function servicesPage(state: TopState, { columns, rows }: TopSize, paint: Paint): readonly string[] {
  const shown = columnsFor(shownServices(state), columns);
  const opened = openServices(state, { columns, rows });
  const lines = serviceLines(state, shown, opened, columns, paint);
  const most = rows - 1 - (rows < rowsForEvents ? 0 : leastEvents);
  const titles = shown.map(({ title, width, align }) => fit(title, width, align)).join(gap);
  const body = visible(lines.all, { columns, rows: Math.min(most, Math.max(lines.all.length, 1)) }, lines.cursor);
  const rest = rows - 1 - body.length;
  const below = most === rows - 1 ? [] : ['', ...problemSummary(state, opened, { columns, rows: rest }, paint)];
  const events = below.length === 0 ? [] : timeline(state, columns, rest - below.length - 1, paint);
  return padded([paint('dim', fit(titles, columns)), ...body, ...below, ...events], { columns, rows });
}

/** A line of the table: of a service, or of what is shown under it. */
interface Line {
  readonly isService: boolean;
  readonly render: () => string;
}

/** The part with the cursor in its middle. Where lines are hidden, the last row says how many services they are of. */
function visible(all: readonly Line[], { columns, rows }: TopSize, cursor: number): readonly string[] {
  if (all.length <= rows) return all.map(({ render }) => render());
  const room = Math.max(0, rows - 1);
  const from = Math.max(0, Math.min(all.length - room, cursor - Math.floor(room / 2)));
  const servicesIn = (part: readonly Line[]): number => part.filter(({ isService }) => isService).length;
  const [above, below] = [servicesIn(all.slice(0, from)), servicesIn(all.slice(from + room))];
  const hidden = hiddenNote(plural(above, 'service'), below, columns);
  return [...all.slice(from, from + room).map(({ render }) => render()), hidden];
}

/** The problems that are not shown under their service, where a large terminal has room: a third of the rest. */
function problemSummary(
  { problems }: TopState,
  opened: ReadonlySet<string>,
  { columns, rows }: TopSize,
  paint: Paint,
): readonly string[] {
  const others = problems.filter(({ services }) => !services.some((name) => opened.has(name)));
  const most = Math.floor((Math.floor(rows / 3) - 2) / 2);
  if (others.length === 0 || most < 1) return [];
  const lines = others
    .slice(0, most)
    .flatMap(({ subject, message, fix }) => [
      cut(`${printable(subject)}: ${printable(message, 600)}`, columns, paint, 'yellow'),
      cut(`  fix: ${printable(fix, 600)}`, columns, paint, undefined),
    ]);
  const title = others.length > most ? `PROBLEMS, ${most} of ${others.length} (p: all)` : 'PROBLEMS';
  return [paint('dim', fit(title, columns)), ...lines, ''];
}

function problemsPage(state: TopState, size: TopSize, paint: Paint): readonly string[] {
  const lines = allProblems(state, size, paint);
  return lines.length === 0 ? padded(['no problems'], size) : scrolledPage(lines, state.scrolled, size);
}

/** Each problem in full. */
function allProblems({ problems }: TopState, { columns }: TopSize, paint: Paint): readonly string[] {
  return problems.flatMap(({ subject, message, fix }) => [
    ...wrap(`${printable(subject)}: ${printable(message, 600)}`, columns).map((line) => paint('yellow', line)),
    ...wrap(`fix: ${printable(fix, 600)}`, columns - 2).map((line) => `  ${line}`),
  ]);
}

function scrolledPage(lines: readonly string[], scrolled: number, size: TopSize): readonly string[] {
  if (lines.length <= size.rows) return padded(lines, size);
  const room = size.rows - 1;
  const from = Math.min(scrolled, lines.length - room);
  return [
    ...lines.slice(from, from + room),
    hiddenNote(plural(from, 'line'), lines.length - from - room, size.columns),
  ];
}

/** Says what is hidden and which keys show it; a narrow terminal cuts the keys off. */
function hiddenNote(above: string, below: number, columns: number): string {
  return fit(`… ${above} above, ${below} below: ↑ ↓ PgUp PgDn`, columns).trimEnd();
}

function padded(lines: readonly string[], { rows }: TopSize): readonly string[] {
  return Array.from({ length: rows }, (_, index) => lines[index] ?? '');
}

function top({ answer, lost }: TopState, nowMs: number): string {
  if (lost !== undefined) return `STALE: ${printable(lost, 400)}; trying again`;
  return answer === undefined ? 'asking …' : headline(answer.status, nowMs);
}

/** What needs attention comes first, since a narrow terminal cuts the end off. */
function totals({ totals: all, answer }: TopState, columns: number, paint: Paint): string {
  const { up = 0, degraded = 0, down = 0 } = answer?.status.services ?? {};
  const problems = answer?.status.problems ?? 0;
  const parts = [
    `${up} up, ${degraded} degraded, ${down} down`,
    `${plural(problems, 'problem')}${problems > 0 ? ' (p)' : ''}`,
    `${all.active} open`,
    `${all.held} held`,
    `${formatCount(all.sessionRate)} new/s`,
    `↑ ${formatRate(all.upRate)}`,
    `↓ ${formatRate(all.downRate)}`,
  ];
  const isFine = degraded === 0 && problems === 0;
  return cut(parts.join('   '), columns, paint, down > 0 ? 'red' : isFine ? undefined : 'yellow');
}

/** Thousands of services have more rows than the screen, so only visible lines are rendered. */
function serviceLines(
  state: TopState,
  shown: readonly TopColumn[],
  opened: ReadonlySet<string>,
  columns: number,
  paint: Paint,
): { readonly all: readonly Line[]; readonly cursor: number } {
  const all: Line[] = [];
  let cursor = 0;
  for (const service of shownServices(state)) {
    const isSelected = service.name === state.selected;
    if (isSelected) cursor = all.length;
    const render = () => serviceLine(service, state.figures.get(service.name), shown, columns, isSelected, paint);
    all.push({ isService: true, render });
    if (!opened.has(service.name)) continue;
    for (const line of details(service, shown[0]?.width ?? columns, columns, paint))
      all.push({ isService: false, render: line });
  }
  if (all.length === 0 && state.answer !== undefined) {
    const why = state.filter === '' ? 'no services yet' : 'no service name contains the filter';
    all.push({ isService: false, render: () => fit(why, columns) });
  }
  return { all, cursor };
}

function detailRows({ state, problems, upstreams }: ApiService): number {
  return (state === 'up' ? 0 : 1) + problems.length + upstreams.length;
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
    .slice(-Math.max(1, rows))
    .map((event) => cut(renderEvent(event, plain), columns, paint, event.level === 'warn' ? 'yellow' : undefined));
  const title = events.length > rows ? `EVENTS, the last ${Math.max(0, rows)} of ${events.length}` : 'EVENTS';
  return [paint('dim', fit(title, columns)), ...lines];
}

function footer({ isFiltering, filter, order, page }: TopState, columns: number, paint: Paint): string {
  if (isFiltering) return cut(`/${printable(filter)}▏  enter keep  esc clear`, columns, paint, 'cyan');
  if (page === 'help') return cut('any key returns; ↑↓ scroll what is hidden', columns, paint, 'dim');
  if (page === 'problems') return cut('q quit   esc services   ↑↓ scroll   ? help', columns, paint, 'dim');
  const filtered = filter === '' ? '/ filter' : `/ filter: ${printable(filter)} (esc: clear)`;
  return cut(`q quit   ? help   ↑↓ enter upstreams   s by ${order}   p problems   ${filtered}`, columns, paint, 'dim');
}

function cut(text: string, columns: number, paint: Paint, style: Style | undefined): string {
  const fitted = fit(text, columns).trimEnd();
  return style === undefined ? fitted : paint(style, fitted);
}
