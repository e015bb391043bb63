import { count } from '../format.ts';

/** Shows long lists in pages: rows that are not shown cost nothing, and the keyboard reaches every row. */
const pageSize = 50;

export interface PagerProps {
  readonly page: number;
  readonly total: number;
  readonly what: string;
  readonly go: (page: number) => void;
}

export function pageOf<T>(items: readonly T[], page: number): readonly T[] {
  return items.slice(page * pageSize, (page + 1) * pageSize);
}

export function lastPage(total: number): number {
  return Math.max(0, Math.ceil(total / pageSize) - 1);
}

export function Pager({ page, total, what, go }: PagerProps) {
  if (total <= pageSize) return null;
  const last = lastPage(total);
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <button type="button" onClick={() => go(page - 1)} disabled={page === 0}>
        Previous
      </button>
      <span>
        {count(page * pageSize + 1)}–{count(Math.min(total, (page + 1) * pageSize))} of {count(total)}
      </span>
      <button type="button" onClick={() => go(page + 1)} disabled={page === last}>
        Next
      </button>
    </nav>
  );
}
