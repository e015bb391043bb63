import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { ApiService, ApiUpstream } from '../../admin/schema.ts';
import { api } from '../data/api.ts';
import { refresh } from '../data/feed.ts';
import { askReader } from '../data/question.ts';
import { count, latency, plural } from '../format.ts';
import { formatBytes } from '../../text/sizes.ts';
import { Ago } from '../parts/ago.tsx';
import { lastPage, pageOf, Pager } from '../parts/pager.tsx';
import { SleepButton } from '../parts/sleep-button.tsx';
import { State } from '../parts/state.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { say } from '../parts/toast.tsx';
import { messageOf } from '../../text/message-of.ts';
import { upstreamName } from '../../text/upstream-name.ts';

/** The upstreams of a service: state, since when and why, what they carry, and what an operator may do to them. */
const page = signal(0);
const columns: readonly TableColumn[] = [
  { title: 'Upstream' },
  { title: 'State' },
  { title: 'Connections', kind: 'number' },
  { title: 'Carried', kind: 'number' },
  { title: 'Dial', kind: 'number' },
  { title: 'Actions', kind: 'unseen' },
];

export function Upstreams({ service }: { readonly service: ApiService }) {
  const { name, upstreams } = service;
  const shown = Math.min(page.value, lastPage(upstreams.length));
  return (
    <section class="card" aria-labelledby="its-upstreams">
      <header class="card-head">
        <h2 id="its-upstreams">Upstreams</h2>
        <SleepButton service={service} />
      </header>
      {upstreams.length === 0 ? (
        <p class="empty">None. Clients wait until a container joins.</p>
      ) : (
        <Table class="upstreams" columns={columns} labelledBy="its-upstreams">
          {pageOf(upstreams, shown).map((upstream) => (
            <Row key={upstream.key} service={name} upstream={upstream} />
          ))}
        </Table>
      )}
      <Pager page={shown} total={upstreams.length} what="upstreams" go={(to) => (page.value = to)} />
    </section>
  );
}

function Row({ service, upstream }: { readonly service: string; readonly upstream: ApiUpstream }) {
  const { endpoints, state, reason, since, traffic, dial } = upstream;
  return (
    <tr role="row" class={`is-${state}`}>
      <th role="rowheader" scope="row">
        <span class="name" title={upstream.name}>
          {upstreamName(upstream)}
        </span>
        <code>{endpoints.join(', ')}</code>
        <Notes upstream={upstream} />
      </th>
      <td role="cell">
        <State state={state}>
          <b>{state}</b> for <Ago at={since} />
        </State>
        <p class="reason">
          {reason}
          {upstream.drainsUntil !== null && (
            <>
              ; its sessions end in <Ago at={upstream.drainsUntil} />
            </>
          )}
        </p>
      </td>
      <td role="cell" class="number" data-label="open">
        {count(traffic.active)}
        {upstream.maxConnections !== null && <small> of {count(upstream.maxConnections)}</small>}
      </td>
      <td role="cell" class="number" data-label="carried">
        {formatBytes(traffic.bytesUp + traffic.bytesDown)}
        <small>{plural(traffic.sessions, 'session')}</small>
      </td>
      <td role="cell" class="number" data-label="dial">
        {dial.p50Ms === null ? <span class="quiet">–</span> : latency(dial.p50Ms)}
        {dial.p99Ms !== null && <small>p99 {latency(dial.p99Ms)}</small>}
      </td>
      <td role="cell" class="actions">
        <Actions service={service} upstream={upstream} />
      </td>
    </tr>
  );
}

function Notes({ upstream }: { readonly upstream: ApiUpstream }) {
  const { weight, backup, weightOverridden, task } = upstream;
  const desired = task?.desired ?? 'running';
  const notes = [
    ...(desired === 'running' ? [] : [`desired state ${desired}`]),
    ...(backup ? ['backup'] : []),
    ...(weight === 1 && !weightOverridden ? [] : [`weight ${weight}${weightOverridden ? ' until a restart' : ''}`]),
  ];
  return notes.length === 0 ? null : <small>{notes.join(', ')}</small>;
}

function Actions({ service, upstream }: { readonly service: string; readonly upstream: ApiUpstream }) {
  const { key, state, drained, traffic } = upstream;
  const name = upstreamName(upstream);
  const [busy, setBusy] = useState(false);
  const act = async (action: 'drain' | 'undrain' | 'close-sessions'): Promise<void> => {
    setBusy(true);
    try {
      say((await api.act(key, action)).message);
      refresh(service);
    } catch (error) {
      say(`${name}: ${messageOf(error)}`, 'failed');
    } finally {
      setBusy(false);
    }
  };
  const close = async (): Promise<void> => {
    const sure = await askReader({
      question: `Close ${plural(traffic.active, 'session')} of ${name}?`,
      detail: 'Its clients are cut off at once. It stays in the pool and gets new ones, unless it is drained.',
      answer: 'Close them',
    });
    if (sure) await act('close-sessions');
  };
  return (
    <>
      {(drained || state !== 'draining') && (
        <button type="button" disabled={busy} onClick={() => void act(drained ? 'undrain' : 'drain')}>
          {drained ? 'Undrain' : 'Drain'}
          <span class="unseen"> {name}</span>
        </button>
      )}
      {traffic.active > 0 && (
        <button type="button" disabled={busy} onClick={() => void close()}>
          Close sessions<span class="unseen"> of {name}</span>
        </button>
      )}
    </>
  );
}
