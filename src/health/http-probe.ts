import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { formatAddress, isSocketPath } from '../config/address.ts';
import type { Endpoint, ProxyProtocol } from '../relay/table.ts';
import { connectFailure, connectOptions, silence } from './tcp-probe.ts';
import type { ProbeResult } from './verdict.ts';

export interface HttpCheck {
  readonly path: string;
  readonly timeoutMs: number;
  /** The header that the upstream waits for before the request. */
  readonly proxyProtocol: ProxyProtocol | undefined;
}

/**
 * `GET path`: any status from 200 to 399 is good, as for Docker's and Kubernetes' probes. The deadline is for the whole
 * answer's head; its body is not read. Never rejects.
 */
export function probeHttp(
  { host, port }: Endpoint,
  { path, timeoutMs, proxyProtocol }: HttpCheck,
  signal: AbortSignal,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const asked = request({
      createConnection: () => open({ host, port }, proxyProtocol),
      path,
      headers: {
        host: isSocketPath(host) ? 'localhost' : formatAddress(host, port),
        'user-agent': 'sealane-health',
        connection: 'close',
      },
    });
    const settle = (result: ProbeResult): void => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      asked.destroy();
      resolve(result);
    };
    const deadline = setTimeout(() => settle({ ok: false, reason: silence({ host, port }, timeoutMs) }), timeoutMs);
    const onAbort = (): void => settle({ ok: false, reason: 'it was not asked to the end' });
    signal.addEventListener('abort', onAbort);
    asked.on('response', ({ statusCode = 0 }) => {
      if (statusCode >= 200 && statusCode < 400) settle({ ok: true });
      else settle({ ok: false, reason: `GET ${path} answered ${statusCode}` });
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      settle({ ok: false, reason: failure(error, { host, port }, path) }),
    );
    asked.end();
  });
}

/**
 * "Not on behalf of anybody": the upstream sees a connection of our own, as proxy-protocol.txt asks of health checks
 * (v1's UNKNOWN, v2's LOCAL).
 */
const ownHeaders: Readonly<Record<ProxyProtocol, Buffer>> = {
  v1: Buffer.from('PROXY UNKNOWN\r\n'),
  v2: Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
};

function open(endpoint: Endpoint, proxyProtocol: ProxyProtocol | undefined): Socket {
  const socket = connect(connectOptions(endpoint));
  if (proxyProtocol) socket.write(ownHeaders[proxyProtocol]);
  return socket;
}

function failure({ code = '' }: NodeJS.ErrnoException, endpoint: Endpoint, path: string): string {
  if (code.startsWith('HPE_')) return `GET ${path} was not answered with HTTP (${code})`;
  if (code === 'ECONNRESET') return `GET ${path} was not answered: the connection was closed`;
  return connectFailure(code, endpoint);
}
