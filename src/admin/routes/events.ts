import { Hono } from 'hono';
import type { AdminEnv } from '../environment.ts';
import type { EventFeed } from '../event-feed.ts';
import { failed } from '../problem-document.ts';
import { eventsQuerySchema } from '../schema.ts';
import type { Subscription } from '../subscription.ts';
import { checked } from './checked.ts';

/**
 * The event stream. What its reader does not take stays in its subscription, which is bounded; of a reader that is
 * dropped the connection is closed, whatever is still in the kernel's buffers.
 */
export function events(feed: EventFeed): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  app.get('/api/events', checked('query', eventsQuerySchema), (context) => {
    // Hono answers HEAD as GET and drops the body, with which nobody would ever end the subscription.
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
