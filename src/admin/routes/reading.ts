import { Hono } from 'hono';
import { didYouMean } from '../../text/did-you-mean.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';
import { sessionsQuerySchema, type ApiSessions } from '../schema.ts';
import type { AdminSource } from '../source.ts';
import { viewExplanation, viewOneService, viewProblems, viewServices, viewSession, viewStatus } from '../views.ts';
import { checked } from './checked.ts';

/**
 * What can be read. Nothing here changes anything.
 */
export function reading(source: AdminSource): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  app.get('/metrics', async (context) => {
    const { text, contentType } = await source.metrics();
    return context.body(text, 200, { 'content-type': contentType });
  });
  app.get('/api/status', (context) => context.json(viewStatus(source)));
  app.get('/api/services', (context) => context.json(viewServices(source)));
  app.get('/api/services/:name{.+}', (context) => {
    const name = context.req.param('name');
    const { services } = source.catalog();
    const service = services.get(name);
    if (service) return context.json(viewOneService(source, service));
    const meant = didYouMean(name, services.keys());
    return failed(context, {
      status: 404,
      code: 'no-such-service',
      title: 'There is no such service',
      detail: `No service is called ${printable(name)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
      suggestions: meant === undefined ? [] : [meant],
    });
  });
  app.get('/api/problems', (context) => context.json({ problems: viewProblems(source.catalog()) }));
  app.get('/api/sessions', checked('query', sessionsQuerySchema), async (context) => {
    const { sessions, total, complete } = await source.look(context.req.valid('query'));
    const answer: ApiSessions = { sessions: sessions.map(viewSession), total, complete };
    return context.json(answer);
  });
  app.get('/api/why/:subject{.+}', async (context) => {
    return context.json(viewExplanation(await source.explain(context.req.param('subject'))));
  });
  return app;
}
