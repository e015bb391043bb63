import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { countStates } from './data/selection.ts';
import { connection, problems, services, status } from './data/store.ts';
import { count, plural } from './format.ts';
import { place, servicesPlace } from './location.ts';
import { toHash, type Place } from './place.ts';
import { Confirm } from './parts/confirm.tsx';
import { Connection, StaleBar } from './parts/connection.tsx';
import { SwapBar } from './parts/swap-bar.tsx';
import { Toasts } from './parts/toast.tsx';
import { Events } from './views/events.tsx';
import { Overview } from './views/overview.tsx';
import { Problems } from './views/problems.tsx';
import { ServiceView } from './views/service.tsx';
import { Sessions } from './views/sessions.tsx';
import { Loading, SignIn } from './views/start.tsx';

/** The page's frame: navigation, whether the data is current, and the open view. */
export function App() {
  const main = useRef<HTMLElement>(null);
  const now = place.value;
  useTitle();
  // Another project is still the same view.
  useArrival(main, toHash(now.kind === 'services' ? { kind: 'services' } : now));
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event, main.current)}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href={toHash({ kind: 'services' })}>
          <Waves />
          Sealane
        </a>
        <Navigation now={now} />
        <Connection />
      </header>
      <StaleBar />
      <SwapBar />
      <main ref={main} id="main">
        <View now={now} />
      </main>
      <footer>
        {status.value &&
          `Sealane ${status.value.version}, ${status.value.driver} driver, ${plural(status.value.workers, 'relay thread')}`}
      </footer>
      <Toasts />
      <Confirm />
    </>
  );
}

function View({ now }: { readonly now: Place }) {
  const { kind } = connection.value;
  if (kind === 'token-needed') return <SignIn />;
  if (kind === 'connecting') return <Loading />;
  switch (now.kind) {
    case 'services':
      return <Overview />;
    case 'service':
      return <ServiceView name={now.name} key={now.name} />;
    case 'sessions':
      return <Sessions service={now.service} />;
    case 'events':
      return <Events />;
    case 'problems':
      return <Problems />;
  }
}

function Navigation({ now }: { readonly now: Place }) {
  const links: readonly [string, Place, number][] = [
    ['Services', servicesPlace.value, 0],
    ['Sessions', { kind: 'sessions', service: '' }, 0],
    ['Events', { kind: 'events' }, 0],
    ['Problems', { kind: 'problems' }, problems.value.length],
  ];
  return (
    <nav aria-label="Sections">
      <ul>
        {links.map(([label, to, amount]) => (
          <li key={label}>
            <a href={toHash(to)} aria-current={isWithin(now, to) ? 'page' : undefined}>
              {label}
              {amount > 0 && <span class="badge">{count(amount)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function isWithin(now: Place, section: Place): boolean {
  return now.kind === section.kind || (now.kind === 'service' && section.kind === 'services');
}

/** The browser tab's title shows the state of all services. */
function useTitle(): void {
  const { attention } = countStates(services.value.values());
  const mark = connection.value.kind === 'stale' ? '? ' : attention > 0 ? `(${attention}) ` : '';
  useEffect(() => {
    document.title = `${mark}Sealane`;
  }, [mark]);
}

/** Moves the focus to a view that was just opened, for readers who use the keyboard or a screen reader. */
function useArrival(main: { readonly current: HTMLElement | null }, hash: string): void {
  const before = useRef(hash);
  // The focus moves before the page is drawn, so that the next key already goes to the new view.
  useLayoutEffect(() => {
    if (before.current === hash) return;
    before.current = hash;
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus();
  }, [hash]);
}

/** The part of the address after `#` names a view, so a link to an element of the page has to be followed by hand. */
function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.querySelector('h1')?.focus();
}

function Waves() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--brand)" />
      <g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round">
        <path d="M6 11c4-4 7-4 10 0s6 4 10 0" />
        <path d="M6 21c4-4 7-4 10 0s6 4 10 0" opacity=".65" />
      </g>
    </svg>
  );
}
