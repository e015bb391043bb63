import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { AdminEnv } from '../environment.ts';
import type { EventFeed } from '../event-feed.ts';
import { failed } from '../problem-document.ts';
import {
  eventsQuerySchema,
  resetEventSchema,
  servicesEventSchema,
  statsEventSchema,
  timelineEventSchema,
} from '../schema.ts';
import type { Subscription } from '../subscription.ts';
import { failuresOf } from './contract.ts';

/**
 * The event stream. What its reader does not take stays in its subscription, which is bounded; of a reader that is
 * dropped the connection is closed, whatever is still in the kernel's buffers.
 */
const summary = 'What happens, as server-sent events: `timeline`, `services`, `stats`, `reset`.';
/** OpenAPI 3.1 has no word for the events of a stream: what is described is the data of each. */
const eventData = z
  .union([timelineEventSchema, servicesEventSchema, statsEventSchema, resetEventSchema])
  .describe('The data of one event; `event:` says which of these it is.');
const followEvents = createRoute({
  method: 'get',
  path: '/api/events',
  tags: ['read'],
  summary,
  request: { query: eventsQuerySchema },
  responses: {
    200: { description: summary, content: { 'text/event-stream': { schema: eventData } } },
    ...failuresOf(400, 401, 403, 503),
  },
});

export function events(feed: EventFeed): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(followEvents, (context) => {
    // Hono answers HEAD as GET and drops the body, and then nothing would ever end the subscription.
    if (context.req.method === 'HEAD') return context.body(null, 200, streamHeaders);
    const { stats, since } = context.req.valid('query');
    const subscription = feed.subscribe(
      { after: lastEventId(context.req.header('last-event-id')) ?? since, stats: stats === 'true' },
      () => context.env?.outgoing?.destroy(),
    );
    if (!subscription) {
      return failed(context, {
        status: 503,
        code: 'too-many-listeners',
        title: 'There are too many subscribers',
        detail: 'Close other pages or commands that follow the events, or try again later.',
      });
    }
    return context.body(streamOf(subscription), 200, streamHeaders);
  });
  return app;
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would collect them.
  'x-accel-buffering': 'no',
};

/** What a browser sends by itself when it comes back. */
function lastEventId(header: string | undefined): number | undefined {
  const id = Number(header);
  return header !== undefined && header !== '' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

function streamOf(subscription: Subscription): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const text = await subscription.next();
        if (text === undefined) controller.close();
        else controller.enqueue(encoder.encode(text));
      },
      cancel: () => subscription.close(),
    },
    // Nothing is taken out of the subscription before the reader asks for it.
    { highWaterMark: 0 },
  );
}
