import type { ComponentChildren } from 'preact';

/** A table's frame. On a phone its rows are laid out as blocks, for which browsers forget what is a table: so it is said. */
export interface TableProps {
  readonly class: string;
  readonly columns: readonly Column[];
  /** The id of what names it. */
  readonly labelledBy?: string;
  /** Rows. */
  readonly children: ComponentChildren;
}

export interface Column {
  readonly title: string;
  /** `number`: at the right; `unseen`: for those who hear it. */
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
