import { Agent } from 'node:http';
import { readinessSchema } from '../../admin/schema.ts';
import { printable } from '../../text/printable.ts';
import { AdminError } from '../client/admin-error.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { askJson } from '../client/request.ts';

/**
 * `sealane health`: asks the Sealane at the admin address or socket whether it is ready. The image's HEALTHCHECK runs
 * it.
 */
const patienceMs = 2_000;

export async function health(flags: EndpointFlags): Promise<number> {
  const endpoint = await readEndpoint(flags, process.env);
  try {
    const options = { agent: new Agent(), signal: AbortSignal.timeout(patienceMs), alsoStatus: 503 };
    const { ready, reason } = readinessSchema.parse(await askJson(endpoint, '/readyz', options));
    process.stdout.write(`${ready ? 'ready' : 'not ready'}: ${printable(reason, 400)}\n`);
    return ready ? 0 : 1;
  } catch (error) {
    const isLate = error instanceof AdminError && error.cause instanceof Error && error.cause.name === 'TimeoutError';
    process.stdout.write(`not ready: ${isLate ? 'no answer' : 'no Sealane answers'} at ${endpoint.shown}\n`);
    return 1;
  }
}
