import { connect, type NetConnectOpts } from 'node:net';
import { formatDuration } from '../text/duration.ts';
import { formatAddress, isSocketPath } from '../address/address.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import type { ProbeResult } from './verdict.ts';

/**
 * Whether a port accepts a connection; says nothing and hangs up in order. Never rejects.
 */
export function probeTcp({ host, port }: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect(connectOptions({ host, port }));
    const settle = (result: ProbeResult): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const onAbort = (): void => settle({ ok: false, reason: 'it was not asked to the end' });
    signal.addEventListener('abort', onAbort);
    socket.setTimeout(timeoutMs, () => settle({ ok: false, reason: silence({ host, port }, timeoutMs) }));
    socket.on('connect', () => settle({ ok: true }));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle({ ok: false, reason: connectFailure(error.code, { host, port }) }),
    );
  });
}

export function connectOptions({ host, port }: Endpoint): NetConnectOpts {
  return isSocketPath(host) ? { path: host.slice('unix:'.length) } : { host, port, noDelay: true };
}

/** One readable phrase for a connect that failed; `code` is Node's. */
export function connectFailure(code: string | undefined, { host, port }: Endpoint): string {
  const place = formatAddress(host, port);
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${isSocketPath(host) ? place : port} (connection refused)`;
    case 'ENOENT':
      return `there is no socket ${place}`;
    case 'EACCES':
      return `the user Sealane runs as may not open ${place}`;
    case 'ETIMEDOUT':
      return `${place} did not answer in time`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${place} (${code})`;
    default:
      return `connecting to ${place} failed (${code ?? 'unknown error'})`;
  }
}

export function silence({ host, port }: Endpoint, timeoutMs: number): string {
  return `${formatAddress(host, port)} did not answer within ${formatDuration(timeoutMs)}`;
}
