import type { ComponentChildren } from 'preact';

/**
 * A table's frame. On a phone its rows are laid out as blocks, for which browsers drop the table's roles; they are set
 * here.
 */
export interface TableProps {
  readonly class: string;
  readonly columns: readonly TableColumn[];
  /** The id of the element that names the table. */
  readonly labelledBy?: string;
  /** Rows. */
  readonly children: ComponentChildren;
}

export interface TableColumn {
  readonly title: string;
  /** `number`: aligned right; `unseen`: for screen readers only. */
  readonly kind?: 'number' | 'unseen';
}

export function Table({ class: name, columns, labelledBy, children }: TableProps) {
  return (
    <table class={name} role="table" aria-labelledby={labelledBy}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, kind }) => (
            <th key={title} role="columnheader" scope="col" class={kind === 'number' ? 'number' : undefined}>
              {kind === 'unseen' ? <span class="unseen">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}
