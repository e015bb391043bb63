import { plural } from '../../text/plural.ts';
import { printable } from '../../text/printable.ts';
import { createClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { segmentOf } from '../client/request.ts';
import { withProgress } from '../progress.ts';

/**
 * `sealane drain|undrain|weight|close UPSTREAM`: changes one upstream of a running Sealane, and prints what was done.
 */
export type UpstreamAction =
  | { readonly kind: 'drain' | 'undrain' | 'close-sessions' }
  | {
      readonly kind: 'weight';
      /** Null for the declared weight. */
      readonly weight: number | null;
    };

export async function changeUpstream(
  upstream: string,
  action: UpstreamAction,
  flags: EndpointFlags,
  { json }: { readonly json: boolean },
): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const path = `/api/upstreams/${segmentOf(upstream)}/${action.kind}`;
  const asked =
    action.kind === 'weight' ? client.act('PUT', path, { weight: action.weight }) : client.act('POST', path, undefined);
  const done = await withProgress(`asking ${client.endpoint.shown}`, asked);
  const sessions = action.kind === 'close-sessions' ? 'had' : 'has';
  process.stdout.write(
    json
      ? `${JSON.stringify(done, undefined, 2)}\n`
      : `${printable(done.message, 400)}; it ${sessions} ${plural(done.sessions, 'session')}${sessions === 'has' ? ' now' : ''}\n`,
  );
  return 0;
}
