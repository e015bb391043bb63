import { request } from 'node:http';
import { formatAddress } from '../config/address.ts';
import type { Endpoint } from '../relay/table.ts';
import { connectFailure, silence } from './tcp-probe.ts';
import type { ProbeResult } from './verdict.ts';

/**
 * `GET path`: any status from 200 to 399 is good, as for Docker's and Kubernetes' probes. The deadline is for the whole
 * answer's head; its body is not read. Never rejects.
 */
export function probeHttp(
  { host, port }: Endpoint,
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const asked = request({
      host,
      port,
      path,
      agent: false,
      headers: { host: formatAddress(host, port), 'user-agent': 'sealane-health', connection: 'close' },
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

function failure({ code = '' }: NodeJS.ErrnoException, endpoint: Endpoint, path: string): string {
  if (code.startsWith('HPE_')) return `GET ${path} was not answered with HTTP (${code})`;
  if (code === 'ECONNRESET') return `GET ${path} was not answered: the connection was closed`;
  return connectFailure(code, endpoint);
}
