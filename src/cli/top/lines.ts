import type { Paint, Style } from '../../text/paint.ts';
import { fit } from '../render/table.ts';

/**
 * Lines of `sealane top` that fit a terminal. Pure.
 */
/** A terminal or a part of it, in cells. */
export interface TopSize {
  readonly columns: number;
  readonly rows: number;
}

export function cut(text: string, columns: number, paint: Paint, style: Style | undefined): string {
  const fitted = fit(text, columns).trimEnd();
  return style === undefined ? fitted : paint(style, fitted);
}

/** Says what is hidden and which keys show it; a narrow terminal cuts the keys off. */
export function hiddenNote(above: string, below: number, columns: number): string {
  return fit(`… ${above} above, ${below} below: ↑ ↓ PgUp PgDn`, columns).trimEnd();
}
