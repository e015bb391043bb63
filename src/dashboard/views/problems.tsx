import { signal } from '@preact/signals';
import { problems } from '../data/store.ts';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';
import { ProblemList } from '../parts/problem-list.tsx';

/** The page of problems: everything that Sealane could not or would not do, each with its fix. */
const page = signal(0);

export function Problems() {
  const all = problems.value;
  const shown = Math.min(page.value, lastPage(all.length));
  return (
    <div>
      <header class="headline">
        <div>
          <h1 tabIndex={-1}>Problems</h1>
          <p class="facts">
            <span>
              {all.length === 0
                ? 'None: every label and every line was understood.'
                : 'Each goes by itself once its cause does.'}
            </span>
          </p>
        </div>
      </header>
      {all.length > 0 && (
        <section class="card problems" aria-label="Problems">
          <ProblemList problems={pageOf(all, shown)} />
          <Pager page={shown} total={all.length} what="problems" go={(to) => (page.value = to)} />
        </section>
      )}
    </div>
  );
}
