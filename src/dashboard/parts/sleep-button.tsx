import { useState } from 'preact/hooks';
import type { ApiService } from '../../admin/schema.ts';
import { messageOf } from '../../text/message-of.ts';
import { api } from '../data/api.ts';
import { refresh } from '../data/feed.ts';
import { say } from './toast.tsx';

/** The button that wakes a service that is asleep, or puts it to sleep; none for a service that never sleeps. */
export function SleepButton({ service: { name, upstreams } }: { readonly service: ApiService }) {
  const [busy, setBusy] = useState(false);
  const sleepers = upstreams.filter(({ sleep }) => sleep !== null);
  if (sleepers.length === 0) return null;
  const what = sleepers.some(({ state }) => state === 'asleep') ? 'wake' : 'sleep';
  const act = async (): Promise<void> => {
    setBusy(true);
    try {
      say((await api.rest(name, what)).message);
      refresh(name);
    } catch (error) {
      say(`${name}: ${messageOf(error)}`, 'failed');
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" disabled={busy} onClick={() => void act()}>
      {what === 'wake' ? 'Wake' : 'Put to sleep'}
      <span class="unseen"> {name}</span>
    </button>
  );
}
