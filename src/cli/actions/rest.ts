import { printable } from '../../text/printable.ts';
import { createClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { withProgress } from '../progress.ts';

/**
 * `sealane wake|sleep SERVICE`: wakes a service of a running Sealane, or puts it to sleep, and prints what was done.
 */
export async function changeRest(
  service: string,
  what: 'wake' | 'sleep',
  flags: EndpointFlags,
  { json }: { readonly json: boolean },
): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const done = await withProgress(`asking ${client.endpoint.shown}`, client.rest(service, what));
  process.stdout.write(json ? `${JSON.stringify(done, undefined, 2)}\n` : `${printable(done.message, 400)}\n`);
  return 0;
}
