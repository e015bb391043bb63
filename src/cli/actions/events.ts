import { printable } from '../../text/printable.ts';
import { createClient, type AdminClient, type Lost } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import type { FeedEvent } from '../client/feed.ts';
import { hasColours } from '../colours.ts';
import { renderEvent } from '../render/event.ts';
import { painter } from '../../text/paint.ts';
import { untilInterrupted } from '../stop-signals.ts';

/**
 * `sealane events`: prints recent events, and with `-f` new ones as they happen, one line each.
 */
export interface EventsOptions {
  readonly json: boolean;
  readonly follow: boolean;
  /** Only events with a higher id are printed. Undefined: all events that Sealane keeps. */
  readonly since: number | undefined;
}

export async function events(flags: EndpointFlags, options: EventsOptions): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const paint = painter(hasColours(process.stdout));
  const stopped = untilInterrupted();
  for await (const one of eventsOf(client, options, stopped)) {
    if (one.kind === 'timeline') {
      process.stdout.write(`${options.json ? JSON.stringify(one.event) : renderEvent(one.event, paint)}\n`);
    } else if (one.kind === 'lost') say(`${one.reason}; trying again`);
    else if (one.kind === 'reset') say(`some events are missing: ${one.reason}`);
  }
  return 0;
}

async function* eventsOf(
  client: AdminClient,
  { follow, since = 0 }: EventsOptions,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent | Lost> {
  if (follow) {
    yield* client.follow({ since, stats: false, signal });
    return;
  }
  // The server sends all kept events before the first stats; events after the stats are new.
  for await (const one of client.feed({ since, stats: true, signal })) {
    if (one.kind === 'stats') return;
    yield one;
  }
}

function say(line: string): void {
  process.stderr.write(`sealane: ${printable(line, 600)}\n`);
}
