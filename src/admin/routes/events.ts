import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';
import {
  eventsQuerySchema,
  resetEventSchema,
  servicesEventSchema,
  statsEventSchema,
  timelineEventSchema,
} from '../event-schema.ts';
import type { AdminEvents } from '../source.ts';
import type { Subscription } from '../subscription.ts';
import { failuresOf } from './contract.ts';

/**
 * The route of the event stream. Events that a reader does not take stay in its subscription, which is bounded; a
 * reader that is dropped has its connection closed, whatever the kernel's buffers still hold.
 */
const summary = 'What happens, as server-sent events: `timeline`, `services`, `stats`, `reset`.';
/** OpenAPI 3.1 can't express the events of a stream, so the schema describes the data of one event. */
const eventData = z
  .union([timelineEventSchema, servicesEventSchema, statsEventSchema, resetEventSchema])
  .describe('The data of one event; `event:` names its kind.');
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

export function events({ feed }: AdminEvents): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(followEvents, (context) => {
    // Hono answers HEAD as GET and drops the body; no reader would ever end the subscription.
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
  // nginx would buffer the events otherwise.
  'x-accel-buffering': 'no',
};

/** The id that a browser sends by itself when it reconnects. */
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
    // The stream takes nothing out of the subscription before the reader wants it.
    { highWaterMark: 0 },
  );
}
