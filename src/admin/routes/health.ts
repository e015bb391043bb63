import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { AdminEnv } from '../environment.ts';
import { readinessSchema } from '../schema.ts';
import type { AdminReads } from '../source.ts';
import { jsonOf } from './contract.ts';

/**
 * The routes for probes. They need no token, so they tell nothing else.
 */
const lives = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['health'],
  summary: 'Whether Sealane lives.',
  responses: { 200: jsonOf('Sealane lives.', z.object({ status: z.literal('ok') })) },
});
const ready = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'Whether the first list of containers was read; 503 until then, and while Sealane stops.',
  responses: {
    200: jsonOf('Sealane is ready.', readinessSchema),
    503: jsonOf('Sealane is not ready, with the reason.', readinessSchema),
  },
});

export function health(source: Pick<AdminReads, 'readiness'>): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(lives, (context) => context.json({ status: 'ok' as const }, 200));
  app.openapi(ready, (context) => {
    const readiness = source.readiness();
    return context.json(readiness, readiness.ready ? 200 : 503);
  });
  return app;
}
