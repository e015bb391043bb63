import { printable } from '../../text/printable.ts';
import { createClient, type AdminClient, type Lost } from '../client/client.ts';
import { readEndpoint, type EndpointFlags } from '../client/endpoint.ts';
import type { FeedEvent } from '../client/feed.ts';
import { hasColours } from '../colours.ts';
import { renderEvent } from '../render/event.ts';
import { painter } from '../../text/paint.ts';
import { untilInterrupted } from '../stop-signals.ts';

/**
 * `sealane events [SERVICE]`: prints recent events, and with `-f` new ones as they happen, one line each.
 */
export interface EventsOptions {
  readonly json: boolean;
  readonly follow: boolean;
  /** Only events of this service are printed. */
  readonly service: string | undefined;
  /** Only events with a higher id are printed. Undefined: all events that Sealane keeps. */
  readonly since: number | undefined;
  /** The most recent events that are printed; what happens later is not counted. */
  readonly lines: number;
}

export async function events(flags: EndpointFlags, options: EventsOptions): Promise<number> {
  const client = createClient(await readEndpoint(flags, process.env));
  const stopped = untilInterrupted();
  const print = printer(options);
  const { last, notices, found } = await readRecent(client, options, stopped);
  for (const one of [...notices, ...found]) print(one);
  if (!options.follow) {
    // A service without an event may be a mistyped one: the answer names what was probably meant.
    if (options.service !== undefined && found.length === 0 && options.lines > 0)
      await client.requireService(options.service);
    return 0;
  }
  for await (const one of client.follow({ since: last, stats: false, signal: stopped })) {
    if (isWanted(one, options)) print(one);
  }
  return 0;
}

interface Recent {
  /** What is said of missing events. */
  readonly notices: readonly FeedEvent[];
  /** The events that are wanted. */
  readonly found: readonly FeedEvent[];
  /** The id of the last event, wanted or not. */
  readonly last: number;
}

async function readRecent(client: AdminClient, options: EventsOptions, signal: AbortSignal): Promise<Recent> {
  const { since = 0, lines } = options;
  const notices: FeedEvent[] = [];
  const found: FeedEvent[] = [];
  let last = since;
  // The server sends all kept events before the first stats; events after the stats are new.
  for await (const one of client.feed({ since, stats: true, signal })) {
    if (one.kind === 'stats') break;
    if (one.kind === 'reset') notices.push(one);
    if (one.kind !== 'timeline') continue;
    last = one.event.id;
    if (isWanted(one, options)) found.push(one);
  }
  return { last, notices, found: found.slice(Math.max(0, found.length - lines)) };
}

function isWanted(one: FeedEvent | Lost, { service }: EventsOptions): boolean {
  return one.kind !== 'timeline' || service === undefined || one.event.service === service;
}

function printer({ json }: EventsOptions): (one: FeedEvent | Lost) => void {
  const paint = painter(hasColours(process.stdout));
  return (one) => {
    if (one.kind === 'timeline') {
      process.stdout.write(`${json ? JSON.stringify(one.event) : renderEvent(one.event, paint)}\n`);
    } else if (one.kind === 'lost') say(`${one.reason}; trying again`);
    else if (one.kind === 'reset') say(`some events are missing: ${one.reason}`);
  };
}

function say(line: string): void {
  process.stderr.write(`sealane: ${printable(line, 600)}\n`);
}
