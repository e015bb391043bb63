import { useState } from 'preact/hooks';
import type { ApiService } from '../../admin/schema.ts';
import { messageOf } from '../../text/message-of.ts';
import { api } from '../data/api.ts';
import { refresh } from '../data/feed.ts';
import { askReader } from '../data/question.ts';
import { services } from '../data/store.ts';
import { toHash } from '../place.ts';
import { Ago } from './ago.tsx';
import { say } from './toast.tsx';

/**
 * Says on each view which services are swapped: their clients come to the process of an operator, which explains
 * whatever else looks odd.
 */
export function SwapBar() {
  const standIns = [...services.value.values()].flatMap((one) => one.standIns);
  if (standIns.length === 0) return null;
  return (
    <div class="swap-bar" role="region" aria-label="Swapped services">
      {standIns.map((standIn) => (
        <Swap key={`${standIn.id}/${standIn.service}`} standIn={standIn} />
      ))}
    </div>
  );
}

function Swap({ standIn }: { readonly standIn: ApiService['standIns'][number] }) {
  const { id, service, owner, address, text, takenAt, serves } = standIn;
  const [busy, setBusy] = useState(false);
  const giveBack = async (): Promise<void> => {
    const sure = await askReader({
      question: `Give ${service} back?`,
      detail: `The stand-in ${address} of ${owner} gets no new sessions from now on, and its owner is told.`,
      answer: 'Give it back',
    });
    if (!sure) return;
    setBusy(true);
    try {
      await api.giveBack(service, id);
      say(`${service} is given back`);
      refresh(service);
    } catch (error) {
      say(`${service}: ${messageOf(error)}`, 'failed');
    } finally {
      setBusy(false);
    }
  };
  return (
    <p>
      <span>
        <b>{serves ? 'Swapped' : 'Waiting'}</b> <a href={toHash({ kind: 'service', name: service })}>{service}</a> is{' '}
        {text}, for <Ago at={takenAt} />
      </span>
      <button type="button" disabled={busy} onClick={() => void giveBack()}>
        Give back
        <span class="unseen">
          {' '}
          {service} from {owner}
        </span>
      </button>
    </p>
  );
}
