import { createClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { hasColours } from '../colours.ts';
import { withProgress } from '../progress.ts';
import { painter } from '../../text/paint.ts';
import { renderStatus } from '../render/status.ts';

/**
 * `sealane status`: prints the services of a running Sealane with their state and traffic.
 */
export async function status(flags: EndpointFlags, { json }: { readonly json: boolean }): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const [services, problems] = await withProgress(
    `asking ${client.endpoint.shown}`,
    Promise.all([client.services(), client.problems()]),
  );
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...services, problems }, undefined, 2)}\n`
      : renderStatus(services, problems, painter(hasColours(process.stdout))),
  );
  return 0;
}
