import { createClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { hasColours } from '../colours.ts';
import { withProgress } from '../progress.ts';
import { painter } from '../../text/paint.ts';
import { renderWhy } from '../render/why.ts';

/**
 * `sealane why SERVICE|CONTAINER|PORT`: explains why the subject can or can't be reached. Exit code 1: it can't.
 */
export async function why(
  subject: string,
  flags: EndpointFlags,
  { json }: { readonly json: boolean },
): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const explanation = await withProgress(`asking ${client.endpoint.shown}`, client.why(subject));
  process.stdout.write(
    json
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : renderWhy(explanation, painter(hasColours(process.stdout))),
  );
  return explanation.verdict === 'unreachable' ? 1 : 0;
}
