import { connect } from 'node:net';
import { formatDuration } from '../config/duration.ts';
import { formatAddress } from '../config/address.ts';
import type { Endpoint } from '../relay/table.ts';
import type { ProbeResult } from './verdict.ts';

/**
 * Whether a port accepts a connection; says nothing and hangs up in order. Never rejects.
 */
export function probeTcp({ host, port }: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
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

/** One readable phrase for a connect that failed; `code` is Node's. */
export function connectFailure(code: string | undefined, { host, port }: Endpoint): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens on ${port} (connection refused)`;
    case 'ETIMEDOUT':
      return `${formatAddress(host, port)} did not answer in time`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${formatAddress(host, port)} (${code})`;
    default:
      return `connecting to ${formatAddress(host, port)} failed (${code ?? 'unknown error'})`;
  }
}

export function silence({ host, port }: Endpoint, timeoutMs: number): string {
  return `${formatAddress(host, port)} did not answer within ${formatDuration(timeoutMs)}`;
}
