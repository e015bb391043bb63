import { printable } from '../../text/printable.ts';
import { renderEvent } from '../render/event.ts';
import { formatCount, formatRate } from '../render/figures.ts';
import { plural } from '../../text/plural.ts';
import { painter, type Paint } from '../../text/paint.ts';
import { headline } from '../render/status.ts';
import { fit, wrap } from '../render/table.ts';
import { columnsFor, gap } from './columns.ts';
import { helpLines } from './help.ts';
import { cut, hiddenNote, type TopSize } from './lines.ts';
import { beyondTheTable, cursorOf, detailRows, serviceLines, visible } from './service-table.ts';
import { shownServices, type Shown, type TopState } from './state.ts';
import { swapBar, swapRows } from './swap-bar.ts';

/**
 * Renders `sealane top`: exactly as many lines as the terminal has, none wider than the terminal. Pure.
 */
const smallest: TopSize = { columns: 48, rows: 8 };

export function renderTop(state: TopState, size: TopSize, colour: boolean, nowMs: number): string[] {
  const { columns, rows } = size;
  const paint = painter(colour);
  if (columns < smallest.columns || rows < smallest.rows) {
    const needs = `sealane top needs ${smallest.columns}x${smallest.rows}, not ${columns}x${rows}`;
    return [fit(needs, columns)].slice(0, Math.max(0, rows));
  }
  const swaps = swapBar(state, size, paint, nowMs);
  const header = [cut(top(state, nowMs), columns, paint, 'bold'), totals(state, columns, paint), ...swaps, ''];
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
  const page = { columns: size.columns, rows: size.rows - fixedRows - swapRows(state, size) + 1 };
  const plain = painter(false);
  const open = openServices(state, page);
  const beyond = (lines: number): number => (lines > page.rows ? lines - page.rows + 1 : 0);
  const mostScrolled = {
    services: () => beyondTheTable(serviceLines(state, [], open, page.columns, plain), rowsOfTable(page)),
    problems: () => beyond(allProblems(state, page, plain).length),
    help: () => beyond(helpLines(size.columns, plain).length),
  }[state.page]();
  return { open, mostScrolled };
}

function rowsOfTable({ rows }: Pick<TopSize, 'rows'>): number {
  return rows - 1 - (rows < rowsForEvents ? 0 : leastEvents);
}

/** Those that the user opened; all but those that the user closed, where there is room for the upstreams of all. */
function openServices(state: TopState, { rows }: TopSize): ReadonlySet<string> {
  const services = shownServices(state);
  const needed = services.reduce((sum, service) => sum + 1 + detailRows(service), 0);
  const otherwise = needed > rows - 1 - leastEvents ? 'closed' : 'open';
  const names = services.map(({ name }) => name);
  return new Set(names.filter((name) => (state.toggled.get(name) ?? otherwise) === 'open'));
}

/** The rows around the services, beside the lines of swaps: two of the header, an empty one, the titles and the footer. */
const fixedRows = 5;
/** Events have as many rows at least, with their title and an empty one; on a page of fewer rows none. */
const leastEvents = 8;
const rowsForEvents = 16;

function servicesPage(state: TopState, { columns, rows }: TopSize, paint: Paint): readonly string[] {
  const shown = columnsFor(shownServices(state), columns);
  const opened = openServices(state, { columns, rows });
  const lines = serviceLines(state, shown, opened, columns, paint);
  const most = rowsOfTable({ rows });
  const titles = shown.map(({ title, width, align }) => fit(title, width, align)).join(gap);
  const body = visible(
    lines.all,
    { columns, rows: Math.min(most, Math.max(lines.all.length, 1)) },
    cursorOf(state, lines),
  );
  const rest = rows - 1 - body.length;
  const below = most === rows - 1 ? [] : ['', ...problemSummary(state, opened, { columns, rows: rest }, paint)];
  const events = below.length === 0 ? [] : timeline(state, columns, rest - below.length - 1, paint);
  return padded([paint('dim', fit(titles, columns)), ...body, ...below, ...events], { columns, rows });
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
