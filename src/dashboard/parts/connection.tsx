import { connection } from '../data/store.ts';
import { reconnectNow } from '../data/feed.ts';
import { Ago } from './ago.tsx';

/** Says whether the data on the page is current. */
const words = {
  connecting: 'Connecting',
  live: 'Live',
  stale: 'Stale',
  'token-needed': 'Signed out',
} as const;

export function Connection() {
  const { kind } = connection.value;
  return (
    <p class={`connection is-${kind}`} role="status">
      <i />
      {words[kind]}
    </p>
  );
}

export function StaleBar() {
  const now = connection.value;
  if (now.kind !== 'stale') return null;
  return (
    <div class="stale-bar" role="alert">
      <p>
        <b>Sealane does not answer.</b>{' '}
        <span aria-live="off">
          What you see was true <Ago at={new Date(now.sinceMs).toISOString()} /> ago.
        </span>
      </p>
      <button type="button" onClick={reconnectNow}>
        Try now
      </button>
    </div>
  );
}
