import { signal } from '@preact/signals';
import type { ApiSession } from '../../admin/schema.ts';
import { api } from '../data/api.ts';
import { count, duration, plural } from '../format.ts';
import { toHash } from '../place.ts';
import { ByteCells, UpstreamCell } from '../parts/session-cells.tsx';
import { State, type StateName } from '../parts/state.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { RecentSessions } from './recent-sessions.tsx';

/** The sessions that are open now. The view asks again and again while it is shown. */
const shownAtMost = '200';
const marks: Readonly<Record<ApiSession['state'], StateName>> = {
  held: 'paused',
  dialing: 'starting',
  relaying: 'ready',
};
const columns: readonly TableColumn[] = [
  { title: 'Client' },
  { title: 'Service' },
  { title: 'State' },
  { title: 'Upstream' },
  { title: 'Age', kind: 'number' },
  { title: 'From client', kind: 'number' },
  { title: 'To client', kind: 'number' },
];
const filters = signal({ client: '', state: '' });

export function Sessions({ service }: { readonly service: string }) {
  const { client, state } = filters.value;
  const query = { limit: shownAtMost, service, client: client.trim(), state };
  const { answer, failure } = useAsked(api.sessions, query);
  return (
    <div>
      <header class="headline">
        <div>
          <h1 tabIndex={-1}>Live sessions</h1>
          <p class="facts">
            <span>{answer ? `${plural(answer.total, 'session')} now` : 'asking the relay'}</span>
            {answer && answer.total > answer.sessions.length && (
              <span>the {count(answer.sessions.length)} oldest are shown</span>
            )}
            {answer && !answer.complete && <span>a relay thread did not answer in time: there are more</span>}
          </p>
        </div>
      </header>
      <section class="card" aria-label="Sessions">
        <Toolbar service={service} />
        {failure !== undefined && <p class="empty is-unhealthy">{failure}</p>}
        {answer &&
          failure === undefined &&
          (answer.sessions.length === 0 ? (
            <p class="empty">
              No client is connected{service === '' && client === '' && state === '' ? '' : ' that matches'}.
            </p>
          ) : (
            <Rows sessions={answer.sessions} />
          ))}
      </section>
      <RecentSessions service={service} />
    </div>
  );
}

function Toolbar({ service }: { readonly service: string }) {
  const { client, state } = filters.value;
  return (
    <div class="toolbar" role="search">
      <input
        type="search"
        placeholder="Client address, e.g. 172.18."
        aria-label="Only clients whose address begins with"
        value={client}
        onInput={(event) => (filters.value = { ...filters.value, client: event.currentTarget.value })}
      />
      <label class="order">
        <span>State</span>
        <select
          value={state}
          onChange={(event) => (filters.value = { ...filters.value, state: event.currentTarget.value })}
        >
          <option value="">any</option>
          <option value="held">held</option>
          <option value="dialing">dialing</option>
          <option value="relaying">relaying</option>
        </select>
      </label>
      {service !== '' && (
        <a class="chip" href={toHash({ kind: 'sessions', service: '' })}>
          only {service} <span aria-hidden="true">×</span>
          <span class="unseen">(show all services)</span>
        </a>
      )}
    </div>
  );
}

function Rows({ sessions }: { readonly sessions: readonly ApiSession[] }) {
  return (
    <Table class="sessions" columns={columns}>
      {sessions.map((session) => (
        <tr role="row" key={`${session.client} ${session.listener} ${session.startedAt}`}>
          <th role="rowheader" scope="row">
            <code>{session.client}</code>
          </th>
          <td role="cell">
            <a href={toHash({ kind: 'service', name: session.service })}>{session.service}</a>
          </td>
          <td role="cell">
            <State state={marks[session.state]}>{session.state}</State>
            {session.lastDialError !== null && <p class="reason">{session.lastDialError}</p>}
          </td>
          <UpstreamCell {...session} />
          <td role="cell" class="number" data-label="age">
            {duration(session.ageMs)}
          </td>
          <ByteCells {...session} />
        </tr>
      ))}
    </Table>
  );
}
