import { painter, type Paint } from '../../text/paint.ts';
import { createClient, type AdminClient } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import { hasColours } from '../colours.ts';
import { withProgress } from '../progress.ts';
import { renderEndedSessions, renderSessions } from '../render/sessions.ts';

/**
 * `sealane sessions [--recent] [--failed] [SERVICE]`: prints the running sessions, or those that ended last.
 */
export interface SessionsOptions {
  readonly json: boolean;
  readonly service: string | undefined;
  readonly recent: boolean;
  readonly failed: boolean;
}

export async function sessions(flags: EndpointFlags, options: SessionsOptions): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const paint = painter(hasColours(process.stdout));
  const text = await withProgress(`asking ${client.endpoint.shown}`, read(client, options, paint));
  process.stdout.write(text);
  return 0;
}

async function read(client: AdminClient, options: SessionsOptions, paint: Paint): Promise<string> {
  const { json, service, recent, failed } = options;
  const query = new URLSearchParams({
    ...(service !== undefined && { service }),
    ...(failed && { failed: 'true' }),
  });
  const answer = recent ? await client.recentSessions(query) : await client.sessions(query);
  // A service without a session may be a mistyped one: the answer names what was probably meant.
  if (service !== undefined && answer.total === 0) await client.requireService(service);
  if (json) return `${JSON.stringify(answer, undefined, 2)}\n`;
  return 'complete' in answer ? renderSessions(answer, paint) : renderEndedSessions(answer, paint);
}
