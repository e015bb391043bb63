import { signal } from '@preact/signals';
import { timeline } from '../data/store.ts';
import { count } from '../format.ts';
import { EventList } from '../parts/event-list.tsx';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';

/** The timeline: the engine's events, the changes that followed from them, and failures. */
const filter = signal({ search: '', warnings: false });
const page = signal(0);

function want(change: Partial<typeof filter.value>): void {
  filter.value = { ...filter.value, ...change };
  page.value = 0;
}

export function Events() {
  const { search, warnings } = filter.value;
  const word = search.trim().toLowerCase();
  const all = timeline.value;
  const found = all.filter(
    ({ level, message, service }) =>
      (!warnings || level === 'warn') && `${message} ${service ?? ''}`.toLowerCase().includes(word),
  );
  const shown = Math.min(page.value, lastPage(found.length));
  return (
    <div>
      <header class="headline">
        <div>
          <h1 tabIndex={-1}>Events</h1>
          <p class="facts">
            <span>newest first; the last {count(all.length)} are kept here</span>
          </p>
        </div>
      </header>
      <section class="card" aria-label="Timeline">
        <div class="toolbar" role="search">
          <input
            type="search"
            placeholder="Search events…"
            aria-label="Search events"
            value={search}
            onInput={(event) => want({ search: event.currentTarget.value })}
          />
          <div class="segments" role="group" aria-label="Filter by level">
            <button type="button" aria-pressed={!warnings} onClick={() => want({ warnings: false })}>
              All
            </button>
            <button type="button" aria-pressed={warnings} onClick={() => want({ warnings: true })}>
              Warnings
            </button>
          </div>
        </div>
        {all.length > 0 && found.length === 0 ? (
          <p class="empty">No event fits.</p>
        ) : (
          <EventList events={pageOf(found, shown)} />
        )}
        <Pager page={shown} total={found.length} what="events" go={(to) => (page.value = to)} />
      </section>
    </div>
  );
}
