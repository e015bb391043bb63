import type { IncomingMessage } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import {
  resetEventSchema,
  servicesEventSchema,
  statsEventSchema,
  timelineEventSchema,
  type ServicesEvent,
  type StatsEvent,
  type TimelineEvent,
} from '../../admin/event-schema.ts';
import { nonsense, unreachable } from './admin-error.ts';
import type { AdminEndpoint } from './endpoint.ts';

/** One message of the event stream. */
export type FeedEvent =
  /** The stream is open: every event from now on will arrive. */
  | { readonly kind: 'open' }
  | { readonly kind: 'timeline'; readonly event: TimelineEvent }
  | { readonly kind: 'services'; readonly event: ServicesEvent }
  | { readonly kind: 'stats'; readonly event: StatsEvent }
  | { readonly kind: 'reset'; readonly reason: string };

/** The messages of the stream until the server closes it. @throws AdminError */
export async function* readFeed(endpoint: AdminEndpoint, response: IncomingMessage): AsyncGenerator<FeedEvent> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => arrived.push(message) });
  try {
    for await (const chunk of response) {
      parser.feed(String(chunk));
      for (const message of arrived.splice(0)) {
        const event = read(endpoint, message);
        if (event) yield event;
      }
    }
  } catch (error) {
    throw unreachable(endpoint, error);
  }
}

/** The message, or undefined for an event type of a later version. */
function read(endpoint: AdminEndpoint, { event, data }: EventSourceMessage): FeedEvent | undefined {
  try {
    const value: unknown = JSON.parse(data);
    switch (event) {
      case 'timeline':
        return { kind: 'timeline', event: timelineEventSchema.parse(value) };
      case 'services':
        return { kind: 'services', event: servicesEventSchema.parse(value) };
      case 'stats':
        return { kind: 'stats', event: statsEventSchema.parse(value) };
      case 'reset':
        return { kind: 'reset', reason: resetEventSchema.parse(value).reason };
      default:
        return undefined;
    }
  } catch {
    throw nonsense(endpoint, `its event "${event ?? ''}" is malformed`);
  }
}
