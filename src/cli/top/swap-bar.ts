import type { Paint } from '../../text/paint.ts';
import { plural } from '../../text/plural.ts';
import { swapsInWords } from '../render/status.ts';
import { fit } from '../render/table.ts';
import type { TopSize } from './lines.ts';
import type { TopState } from './state.ts';

/**
 * The lines of `sealane top` on every page that say which services are swapped. They are the full width in inverse colours:
 * clients of these services come to the process of an operator. Pure.
 */
export function swapBar(state: TopState, size: TopSize, paint: Paint, nowMs: number): readonly string[] {
  const all = swapsInWords(state.answer?.services ?? [], nowMs);
  const rows = rowsOf(all.length, size);
  const shown = all.length > rows ? all.slice(0, rows - 1) : all;
  const lines = shown.map(({ mark, words }) => ` ${mark}  ${words}`);
  const left = all.length - shown.length;
  if (left > 0)
    lines.push(` ${shown.length === 0 ? plural(left, 'swap') : `and ${plural(left, 'swap')} more`}: sealane status`);
  return lines.map((line) => paint(['inverse', 'yellow'], fit(line, size.columns)));
}

/** The number of its lines. */
export function swapRows({ answer }: TopState, size: TopSize): number {
  return rowsOf(answer?.services.reduce((sum, { standIns }) => sum + standIns.length, 0) ?? 0, size);
}

/** A small terminal has few rows for anything else. */
function rowsOf(swaps: number, { rows }: TopSize): number {
  return Math.min(swaps, rows < 16 ? 1 : 4);
}
