import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { stateStyles, type Paint } from '../../text/paint.ts';
import { plural } from '../../text/plural.ts';
import { printable } from '../../text/printable.ts';
import { upstreamName } from '../../text/upstream-name.ts';
import { fit } from '../render/table.ts';
import { gap, type TopColumn } from './columns.ts';
import { cut, hiddenNote, type TopSize } from './lines.ts';
import { shownServices, type Figures, type TopState } from './state.ts';

/**
 * The table of services, with what is shown under each, and the part of it that is on the screen. Pure.
 */
export function cursorOf({ scrolled }: TopState, { selected, details: count }: ServiceLines): number {
  return selected + Math.min(scrolled, count);
}

/** A line of the table: of a service, or of what is shown under it. */
interface Line {
  readonly isService: boolean;
  readonly render: () => string;
}

/** The part with the cursor in its middle. Where lines are hidden, the last row says how many. */
export function visible(all: readonly Line[], { columns, rows }: TopSize, cursor: number): readonly string[] {
  if (all.length <= rows) return all.map(({ render }) => render());
  const room = Math.max(0, rows - 1);
  const from = firstShown(all.length, room, cursor);
  const below = all.slice(from + room);
  const what = [...all.slice(0, from), ...below].every(({ isService }) => isService) ? 'service' : 'line';
  const hidden = hiddenNote(plural(from, what), below.length, columns);
  return [...all.slice(from, from + room).map(({ render }) => render()), hidden];
}

/** How far the table must be scrolled beyond the selected service, until the last of its upstreams is shown. */
export function beyondTheTable({ all, selected, details: count }: ServiceLines, rows: number): number {
  const room = rows - 1;
  if (all.length <= rows || selected + count < firstShown(all.length, room, selected) + room) return 0;
  return Math.max(0, Math.min(count, count + 1 - Math.ceil(room / 2)));
}

/** The first line that is shown: the cursor is in the middle, but for the ends. */
function firstShown(lines: number, room: number, cursor: number): number {
  return Math.max(0, Math.min(lines - room, cursor - Math.floor(room / 2)));
}

interface ServiceLines {
  readonly all: readonly Line[];
  /** Where the line of the selected service is; 0 where none is selected. */
  readonly selected: number;
  /** The lines under the selected service. */
  readonly details: number;
}

/** Thousands of services have more rows than the screen, so only visible lines are rendered. */
export function serviceLines(
  state: TopState,
  shown: readonly TopColumn[],
  opened: ReadonlySet<string>,
  columns: number,
  paint: Paint,
): ServiceLines {
  const all: Line[] = [];
  let selected = { at: 0, details: 0 };
  for (const service of shownServices(state)) {
    const isSelected = service.name === state.selected;
    const isOpen = opened.has(service.name);
    if (isSelected) selected = { at: all.length, details: isOpen ? detailRows(service) : 0 };
    const render = () => serviceLine(service, state.figures.get(service.name), shown, columns, isSelected, paint);
    all.push({ isService: true, render });
    if (!isOpen) continue;
    for (const line of details(service, shown[0]?.width ?? columns, columns, paint))
      all.push({ isService: false, render: line });
  }
  if (all.length === 0 && state.answer !== undefined) {
    const why = state.filter === '' ? 'no services yet' : 'no service name contains the filter';
    all.push({ isService: false, render: () => fit(why, columns) });
  }
  return { all, selected: selected.at, details: selected.details };
}

export function detailRows({ state, problems, upstreams }: ApiService): number {
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
  const { state, reason, traffic, endpoints, weight, backup } = upstream;
  const marks = [weight === 1 ? '' : `weight ${weight}`, backup ? 'backup' : ''].filter((one) => one !== '');
  const start = `  ${fit(printable(upstreamName(upstream)), width - 2)}${gap}`;
  const stateText = fit(state, 9);
  const rest = `${gap}${String(traffic.active).padStart(4)} active${gap}${endpoints.map((one) => printable(one)).join(', ')}${gap}${[...marks, printable(reason, 400)].join(', ')}`;
  const room = columns - width - gap.length - 9;
  if (room <= 0) return fit(start + stateText, columns);
  return `${start}${paint(stateStyles[state] ?? 'dim', stateText)}${paint('dim', fit(rest, room))}`;
}
