import stringWidth from 'string-width';
import { printable } from '../../text/printable.ts';
import type { Paint, Style } from '../../text/paint.ts';

/**
 * Lays out columns of text in terminal cells: a wide character, such as Chinese or an emoji, takes two cells. Pure.
 */
export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const gap = '  ';

/** The table's lines, with the header first. Control characters are escaped, and the last column is not padded. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const safe = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text, 400) })));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...safe.map((row) => widthOf(row[index]?.text ?? ''))),
  );
  const line = (cells: readonly Cell[]): string =>
    columns
      .map(({ align }, index) => {
        const { text, style } = cells[index] ?? { text: '' };
        const isLast = index === columns.length - 1 && align !== 'right';
        const padded = isLast ? text : pad(text, widths[index] ?? 0, align);
        return style === undefined ? padded : paint(style, padded);
      })
      .join(gap)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, style: 'dim' }))), ...safe.map(line)];
}

/** The text in exactly `width` cells: padded with spaces, or cut with an ellipsis. */
export function fit(text: string, width: number, align: Column['align'] = 'left'): string {
  if (width <= 0) return '';
  if (widthOf(text) <= width) return pad(text, width, align);
  if (/^[ -~]*$/.test(text)) return `${text.slice(0, width - 1)}…`;
  let cut = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    const next = widthOf(segment);
    if (used + next > width - 1) break;
    cut += segment;
    used += next;
  }
  return pad(`${cut}…`, width, align);
}

/** The width in cells. Plain ASCII, which nearly all text is, takes the fast path. */
export function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}

/** The text in lines of at most `width` cells, broken between words, and inside of those that are longer. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const { segment } of graphemesOf(word)) {
      if (widthOf(line + segment) > width) {
        lines.push(line);
        line = '';
      }
      line += segment;
    }
  }
  return [...lines, line];
}

let segmenter: Intl.Segmenter | undefined;

/** The segmenter is made when one is needed, since that takes 15 ms. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? space + text : text + space;
}
