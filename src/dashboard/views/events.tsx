import { signal } from '@preact/signals';
import { foldEvents } from '../data/event-lines.ts';
import { eventLines, timeline } from '../data/store.ts';
import { count } from '../format.ts';
import { EventList } from '../parts/event-list.tsx';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';

/** The timeline: the engine's events, the changes that followed from them, and failures. */
const filter = signal({ search: '', warnings: false, withEngine: false });
const page = signal(0);

function want(change: Partial<typeof filter.value>): void {
  filter.value = { ...filter.value, ...change };
  page.value = 0;
}

export function Events() {
  const { search, warnings, withEngine } = filter.value;
  const word = search.trim().toLowerCase();
  const kept = timeline.value.length;
  const all = withEngine ? foldEvents(timeline.value, { withEngine }) : eventLines.value;
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
            <span>newest first; the last {count(kept)} are kept here, and what comes again is one line</span>
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
          <label class="order">
            <input
              type="checkbox"
              checked={withEngine}
              onChange={(event) => want({ withEngine: event.currentTarget.checked })}
            />
            <span>Docker’s own events</span>
          </label>
        </div>
        {all.length > 0 && found.length === 0 ? (
          <p class="empty">No event fits.</p>
        ) : (
          <EventList lines={pageOf(found, shown)} />
        )}
        <Pager page={shown} total={found.length} what="events" go={(to) => (page.value = to)} />
      </section>
    </div>
  );
}
