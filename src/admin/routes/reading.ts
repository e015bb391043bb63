import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { didYouMean } from '../../text/did-you-mean.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';
import { historySchema } from '../event-schema.ts';
import {
  endedQuerySchema,
  endedSessionsSchema,
  explanationSchema,
  problemsSchema,
  serviceSchema,
  servicesSchema,
  sessionsQuerySchema,
  sessionsSchema,
} from '../schema.ts';
import { statusSchema } from '../status-schema.ts';
import type { AdminReads } from '../source.ts';
import { viewExplanation, viewOneService, viewProblems, viewServices, viewStatus } from '../views.ts';
import { viewEndedSession, viewSession } from '../sessions/views.ts';
import { answers, failuresOf } from './contract.ts';

/**
 * The routes that read. None of them changes anything.
 */
const metricsText = "Prometheus' text format.";
const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['health'],
  summary: metricsText,
  responses: {
    200: { description: metricsText, content: { 'text/plain': { schema: z.string() } } },
    ...failuresOf(401, 403),
  },
});
const status = createRoute({
  method: 'get',
  path: '/api/status',
  ...answers('read', 'Sealane itself, and the number of services in each state.', statusSchema),
});
const services = createRoute({
  method: 'get',
  path: '/api/services',
  ...answers('read', 'All services, their upstreams and figures.', servicesSchema),
});
const service = createRoute({
  method: 'get',
  path: '/api/services/:name{.+}',
  request: { params: z.object({ name: z.string().describe('The name; slashes may be written as they are.') }) },
  ...answers('read', 'One service.', serviceSchema, 404),
});
const problems = createRoute({
  method: 'get',
  path: '/api/problems',
  ...answers('read', 'What Sealane can’t or won’t do, and the fix.', problemsSchema),
});
const sessions = createRoute({
  method: 'get',
  path: '/api/sessions',
  request: { query: sessionsQuerySchema },
  ...answers('read', 'The running sessions.', sessionsSchema, 400),
});
const recentSessions = createRoute({
  method: 'get',
  path: '/api/sessions/recent',
  request: { query: endedQuerySchema },
  ...answers('read', 'The sessions that ended last; failed ones are kept longer.', endedSessionsSchema, 400),
});
const history = createRoute({
  method: 'get',
  path: '/api/history',
  ...answers('read', 'The figures of the last five minutes, by service.', historySchema),
});
const why = createRoute({
  method: 'get',
  path: '/api/why/:subject{.+}',
  request: {
    params: z.object({ subject: z.string().describe("A service's name, a container's name or id, or a port.") }),
  },
  ...answers(
    'read',
    'Why a service, container or port is or is not reachable, and the one next thing to do.',
    explanationSchema,
  ),
});

export function reading(source: AdminReads): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(metrics, async (context) => {
    const { text, contentType } = await source.metrics();
    return context.text(text, 200, { 'content-type': contentType });
  });
  app.openapi(status, (context) => context.json(viewStatus(source), 200));
  app.openapi(services, (context) => context.json(viewServices(source), 200));
  app.openapi(service, (context) => {
    const { name } = context.req.valid('param');
    const { services: known } = source.catalog();
    const found = known.get(name);
    if (found) return context.json(viewOneService(source, found), 200);
    const meant = didYouMean(name, known.keys());
    return failed(context, {
      status: 404,
      code: 'no-such-service',
      title: 'There is no such service',
      detail: `No service is called ${printable(name)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
      suggestions: meant === undefined ? [] : [meant],
    });
  });
  app.openapi(problems, (context) => context.json({ problems: viewProblems(source.catalog()) }, 200));
  app.openapi(sessions, async (context) => {
    const { sessions: listed, total, complete } = await source.listSessions(context.req.valid('query'));
    return context.json({ sessions: listed.map(viewSession), total, complete }, 200);
  });
  app.openapi(recentSessions, (context) => {
    const { failed: onlyFailed, ...filter } = context.req.valid('query');
    const { sessions: ended, total } = source.recentSessions({ ...filter, failed: onlyFailed === 'true' });
    return context.json({ sessions: ended.map(viewEndedSession), total }, 200);
  });
  app.openapi(history, (context) => context.json({ samples: [...source.history()] }, 200));
  app.openapi(why, async (context) => {
    const { subject } = context.req.valid('param');
    return context.json(viewExplanation(await source.explain(subject)), 200);
  });
  return app;
}
