import { connect } from 'node:net';
import { formatDuration } from '../text/duration.ts';
import { connectOptions, formatAddress, isUnix } from '../address/address.ts';
import { portProxySettleMs, type Endpoint } from '../relay/boundary/table.ts';
import type { ProbeResult } from './verdict.ts';

/**
 * Checks whether a port accepts a connection, sends nothing, and closes it in order. That a port proxy accepts proves
 * nothing: there the connection must also stay open for the settle time, or a byte must come. `timeoutMs` is the deadline of
 * the connect alone. The promise never rejects.
 */
export function probeTcp(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ ...connectOptions(endpoint), noDelay: true });
    const settle = (result: ProbeResult): void => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const onAbort = (): void => settle({ ok: false, reason: 'the probe was aborted' });
    signal.addEventListener('abort', onAbort);
    let deadline = setTimeout(() => settle({ ok: false, reason: silence(endpoint, timeoutMs) }), timeoutMs);
    const onError = ({ code }: NodeJS.ErrnoException): void =>
      settle({ ok: false, reason: connectFailure(code, endpoint) });
    socket.on('error', onError);
    socket.on('connect', () => {
      if (!endpoint.viaPortProxy) return settle({ ok: true });
      clearTimeout(deadline);
      deadline = setTimeout(() => settle({ ok: true }), portProxySettleMs);
      const onClosed = (): void => settle({ ok: false, reason: closedByProxy });
      socket.off('error', onError).on('error', onClosed).on('close', onClosed);
      socket.on('data', () => settle({ ok: true }));
    });
  });
}

export const closedByProxy = 'its published port accepts and closes at once: no process listens behind it yet';

/** The readable reason for a failed connect; `code` is the error code of Node. */
export function connectFailure(code: string | undefined, endpoint: Endpoint): string {
  const place = formatAddress(endpoint);
  switch (code) {
    case 'ECONNREFUSED':
      if (endpoint.viaPortProxy) return `nothing listens on its published port ${endpoint.port} (connection refused)`;
      return `nothing listens on ${isUnix(endpoint.host) ? place : endpoint.port} (connection refused)`;
    case 'ENOENT':
      return `there is no socket ${place}`;
    case 'EACCES':
      return `the user Sealane runs as may not open ${place}`;
    case 'ETIMEDOUT':
      return `${place} did not answer in time`;
    case 'ENETUNREACH':
      if (endpoint.isDirect) return `Sealane is on no network with ${place}: that network is gone (${code})`;
      return `no route to ${place} (${code})`;
    case 'EHOSTUNREACH':
      return `no route to ${place} (${code})`;
    default:
      return `connecting to ${place} failed (${code ?? 'unknown error'})`;
  }
}

export function silence(endpoint: Endpoint, timeoutMs: number): string {
  return `${formatAddress(endpoint)} did not answer within ${formatDuration(timeoutMs)}`;
}
