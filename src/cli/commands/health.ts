import { z } from 'zod';
import { formatAddress } from '../../config/address.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';

/**
 * `sealane health`: asks the Sealane at the admin address whether it is ready. The image's HEALTHCHECK.
 */
const answerSchema = z.object({ ready: z.boolean(), reason: z.string() });
const patienceMs = 2_000;

export async function health(flags: Flags): Promise<number> {
  const { settings } = await loadConfig(flags, process.env);
  if (settings.admin === 'off') throw new ConfigError('--admin is off: there is nothing to ask');
  const address = formatAddress(settings.admin.host, settings.admin.port);
  try {
    const response = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(patienceMs) });
    const { ready, reason } = answerSchema.parse(await response.json());
    process.stdout.write(`${ready ? 'ready' : 'not ready'}: ${reason}\n`);
    return ready ? 0 : 1;
  } catch (error) {
    const why = error instanceof Error && error.name === 'TimeoutError' ? 'no answer' : 'no Sealane answers';
    process.stdout.write(`not ready: ${why} at ${address}\n`);
    return 1;
  }
}
