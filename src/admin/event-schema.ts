import { z } from 'zod';
import { clientsShape, count, failuresSchema, heldSchema, statsShape, time } from './derived-fields.ts';

/**
 * The schemas of the admin API's events, and of the history that is made of them; declared as those of its answers are
 * (schema.ts). GET /api/events sends, each with JSON data:
 *
 * - `timeline`: an event of the engine or of Sealane; it has an id, is kept in a ring, and is sent again from
 *   Last-Event-ID on.
 * - `services`: names of services that changed since they were read; a few times a second at most.
 * - `stats`: once a second, with `?stats=true`: figures of services that changed since the last one (the first: all).
 * - `reset`: events after Last-Event-ID are no longer kept, or Sealane was restarted: read everything anew. All kept
 *   events follow.
 *
 * A comment is sent every 15 seconds. Subscribers that read too slowly are disconnected, and may reconnect.
 */
export const timelineEventSchema = z
  .object({
    id: count.describe('Increases by one.'),
    at: time,
    source: z.enum(['engine', 'sealane']),
    event: z.string().describe('`upstream-changed`, `problem`, …; of the engine: `start`, `die`, `kill` …'),
    level: z.enum(['info', 'warn']),
    message: z.string(),
    service: z.string().nullable(),
    upstream: z.string().nullable(),
    containerId: z.string().nullable(),
  })
  .meta({ id: 'TimelineEvent' });

export const servicesEventSchema = z
  .object({ changed: z.array(z.string()), removed: z.array(z.string()), problemsChanged: z.boolean() })
  .meta({ id: 'ServicesEvent' });

export const statsEventSchema = z
  .object({
    at: time,
    ...clientsShape,
    services: z
      .record(z.string(), z.object({ ...statsShape, held: heldSchema, failures: failuresSchema }))
      .describe('By name; totals since the start, not rates.'),
  })
  .meta({ id: 'StatsEvent' });

export const historySchema = z
  .object({
    samples: z
      .array(statsEventSchema)
      .describe(
        'One every two seconds, of at most five minutes, the oldest first. The first has all services, others what changed; a service that is gone is in one more, with no connections.',
      ),
  })
  .meta({ id: 'History' });

export const resetEventSchema = z.object({ reason: z.string() }).meta({ id: 'ResetEvent' });

export const eventsQuerySchema = z.object({
  stats: z.enum(['true', 'false']).default('false'),
  since: z.coerce.number().int().min(0).optional().meta({
    description:
      'As Last-Event-ID: sends what is kept with a higher id first. 0: all that is kept. Without: only what is new.',
    // Written out, or it would be nullable in the OpenAPI document: Number(null) is 0.
    type: 'integer',
    minimum: 0,
  }),
});

export type TimelineEvent = z.output<typeof timelineEventSchema>;
export type ServicesEvent = z.output<typeof servicesEventSchema>;
export type StatsEvent = z.output<typeof statsEventSchema>;
export type ApiHistory = z.output<typeof historySchema>;
