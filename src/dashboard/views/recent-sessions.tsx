import { signal } from '@preact/signals';
import type { ApiEndedSession } from '../../admin/schema.ts';
import { api } from '../data/api.ts';
import { latency } from '../format.ts';
import { ClockTime } from '../parts/ago.tsx';
import { ByteCells, UpstreamCell } from '../parts/session-cells.tsx';
import { State } from '../parts/state.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { toHash } from '../place.ts';

/** The sessions that ended last. The card asks again and again, unless it is paused. */
const columns: readonly TableColumn[] = [
  { title: 'Ended' },
  { title: 'Client' },
  { title: 'Service' },
  { title: 'Reason' },
  { title: 'Upstream' },
  { title: 'Waited', kind: 'number' },
  { title: 'Dialed', kind: 'number' },
  { title: 'From client', kind: 'number' },
  { title: 'To client', kind: 'number' },
];
const choice = signal({ reason: '', failed: false, paused: false });

export function RecentSessions({ service }: { readonly service: string }) {
  const { reason, failed, paused } = choice.value;
  const { answer, failure } = useAsked(api.recentSessions, { failed: String(failed), service }, paused);
  // The reasons that there are, and the chosen one, which may have none left.
  const reasons = new Set([...(answer?.sessions.map((one) => one.reason) ?? []), ...(reason === '' ? [] : [reason])]);
  const shown = answer?.sessions.filter((one) => reason === '' || one.reason === reason) ?? [];
  return (
    <section class="card" aria-labelledby="recent-sessions">
      <header class="card-head">
        <h2 id="recent-sessions">Ended lately</h2>
      </header>
      <Toolbar reasons={[...reasons].toSorted()} />
      {failure !== undefined && <p class="empty is-unhealthy">{failure}</p>}
      {answer && shown.length === 0 && (
        <p class="empty">No {failed ? 'failed session' : 'session'} has ended that matches.</p>
      )}
      {shown.length > 0 && (
        <Table class="sessions" columns={columns} labelledBy="recent-sessions">
          {shown.map((session) => (
            <Row key={`${session.client} ${session.listener} ${session.startedAt}`} session={session} />
          ))}
        </Table>
      )}
    </section>
  );
}

function Toolbar({ reasons }: { readonly reasons: readonly string[] }) {
  const { reason, failed, paused } = choice.value;
  return (
    <div class="toolbar">
      <label class="order">
        <span>Reason</span>
        <select
          value={reason}
          onChange={(event) => (choice.value = { ...choice.value, reason: event.currentTarget.value })}
        >
          <option value="">any</option>
          {reasons.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label class="order">
        <input
          type="checkbox"
          checked={failed}
          onChange={(event) => (choice.value = { ...choice.value, failed: event.currentTarget.checked })}
        />
        <span>failed only</span>
      </label>
      <button type="button" aria-pressed={paused} onClick={() => (choice.value = { ...choice.value, paused: !paused })}>
        {paused ? 'Resume' : 'Pause'}
      </button>
    </div>
  );
}

function Row({ session }: { readonly session: ApiEndedSession }) {
  const { service, failed, reason, detail, lastDialError } = session;
  const endedAt = new Date(Date.parse(session.startedAt) + session.totalMs).toISOString();
  const cause = detail ?? (session.upstream === null ? lastDialError : null);
  return (
    <tr role="row">
      <td role="cell">
        <ClockTime at={endedAt} />
      </td>
      <th role="rowheader" scope="row">
        <code>{session.client}</code>
      </th>
      <td role="cell">
        {service === null ? (
          <span class="quiet">–</span>
        ) : (
          <a href={toHash({ kind: 'service', name: service })}>{service}</a>
        )}
      </td>
      <td role="cell">
        <State state={failed ? 'unhealthy' : 'ready'}>{reason}</State>
        {cause !== null && <p class="reason">{cause}</p>}
      </td>
      <UpstreamCell {...session} />
      <td role="cell" class="number" data-label="waited">
        {latency(session.heldMs)}
      </td>
      <td role="cell" class="number" data-label="dialed">
        {latency(session.dialMs)}
      </td>
      <ByteCells {...session} />
    </tr>
  );
}
