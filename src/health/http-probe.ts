import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectOptions, formatAddress, isUnix } from '../address/address.ts';
import type { HealthPlan } from '../catalog/declaration.ts';
import type { Endpoint, ProxyProtocol } from '../relay/boundary/table.ts';
import { closedByProxy, connectFailure, silence } from './tcp-probe.ts';
import type { ProbeResult } from './verdict.ts';

type HttpPlan = Extract<HealthPlan, { kind: 'http' }>;
type HttpCheck = Pick<HttpPlan, 'path' | 'timeoutMs' | 'proxyProtocol' | 'tlsServerName'>;

/**
 * Probes with `GET path`. A status from 200 to 399 passes, as for Docker's and Kubernetes' probes. The deadline covers
 * the whole response head; the body is not read. The promise never rejects.
 */
export function probeHttp(endpoint: Endpoint, check: HttpCheck, signal: AbortSignal): Promise<ProbeResult> {
  const { path, timeoutMs } = check;
  return new Promise((resolve) => {
    const call = request({
      createConnection: () => open(endpoint, check),
      path,
      headers: {
        host: isUnix(endpoint.host) ? 'localhost' : formatAddress(endpoint),
        'user-agent': 'sealane-health',
        connection: 'close',
      },
    });
    const settle = (result: ProbeResult): void => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      call.destroy();
      resolve(result);
    };
    const deadline = setTimeout(() => settle({ ok: false, reason: silence(endpoint, timeoutMs) }), timeoutMs);
    const onAbort = (): void => settle({ ok: false, reason: 'the probe was aborted' });
    signal.addEventListener('abort', onAbort);
    call.on('response', ({ statusCode = 0 }) => {
      if (statusCode >= 200 && statusCode < 400) settle({ ok: true });
      else settle({ ok: false, reason: `GET ${path} answered ${statusCode}` });
    });
    call.on('error', (error: NodeJS.ErrnoException) => settle({ ok: false, reason: failure(error, endpoint, path) }));
    call.end();
  });
}

/**
 * PROXY headers that announce a connection of the proxy itself, without a client, as proxy-protocol.txt demands of
 * health checks: UNKNOWN in v1, LOCAL in v2.
 */
const ownHeaders: Readonly<Record<ProxyProtocol, Buffer>> = {
  v1: Buffer.from('PROXY UNKNOWN\r\n'),
  v2: Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
};

function open(endpoint: Endpoint, { proxyProtocol, tlsServerName }: HttpCheck): Socket {
  const socket = connect({ ...connectOptions(endpoint), noDelay: true });
  if (proxyProtocol) socket.write(ownHeaders[proxyProtocol]);
  if (tlsServerName === undefined) return socket;
  // The relay verifies certificates and reports their errors; a probe only checks whether the service answers.
  const secured = connectTls({ socket, servername: tlsServerName, rejectUnauthorized: false });
  // An error of the TCP connection before the TLS handshake is emitted only on the TCP socket.
  socket.on('error', (error) => secured.destroy(error));
  return secured;
}

function failure({ code = '' }: NodeJS.ErrnoException, endpoint: Endpoint, path: string): string {
  if (code.startsWith('HPE_')) return `GET ${path} was not answered with HTTP (${code})`;
  if (code === 'ECONNRESET')
    return `GET ${path} was not answered: ${endpoint.viaPortProxy ? closedByProxy : 'the connection was closed'}`;
  return connectFailure(code, endpoint);
}
