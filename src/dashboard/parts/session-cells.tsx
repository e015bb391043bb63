import { formatBytes } from '../../text/sizes.ts';

/** The cells that tables of open and of ended sessions have in common. */
export function UpstreamCell(session: { readonly upstream: string | null; readonly endpoint: string | null }) {
  return (
    <td role="cell">
      {session.upstream ?? <span class="quiet">–</span>}
      {session.endpoint !== null && <code>{session.endpoint}</code>}
    </td>
  );
}

export function ByteCells(session: { readonly bytesUp: number; readonly bytesDown: number }) {
  return (
    <>
      <td role="cell" class="number" data-label="from client">
        {formatBytes(session.bytesUp)}
      </td>
      <td role="cell" class="number" data-label="to client">
        {formatBytes(session.bytesDown)}
      </td>
    </>
  );
}
