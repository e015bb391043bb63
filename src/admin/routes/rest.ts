import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { serviceMeant } from '../../catalog/swap/service-meant.ts';
import { plural } from '../../text/plural.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed, type Failure } from '../problem-document.ts';
import { restSchema } from '../schema.ts';
import type { RestAnswer } from '../../activation/activation.ts';
import type { AdminCommands, AdminReads } from '../source.ts';
import { answers } from './contract.ts';

/**
 * The routes by which an operator wakes a service, or puts it to sleep.
 */
const request = { params: z.object({ name: z.string().describe('The service; URL-encoded.') }) };
const wake = createRoute({
  method: 'post',
  path: '/api/services/{name}/wake',
  request,
  ...answers('act', 'Starts the containers of a service that are asleep, and what they need.', restSchema, 404, 409),
});
const sleep = createRoute({
  method: 'post',
  path: '/api/services/{name}/sleep',
  request,
  ...answers('act', 'Puts the containers of a service to sleep, unless one has a session.', restSchema, 404, 409),
});

export function rest(source: Pick<AdminReads, 'catalog'> & Pick<AdminCommands, 'rest'>): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(wake, async (context) => {
    const done = await act(source, context.req.valid('param').name, 'wake');
    return 'status' in done ? failed(context, done) : context.json(done, 200);
  });
  app.openapi(sleep, async (context) => {
    const done = await act(source, context.req.valid('param').name, 'sleep');
    return 'status' in done ? failed(context, done) : context.json(done, 200);
  });
  return app;
}

type Done = z.output<typeof restSchema>;

async function act(
  source: Parameters<typeof rest>[0],
  asked: string,
  what: 'wake' | 'sleep',
): Promise<Done | Failure<404> | Failure<409>> {
  const service = serviceMeant(asked, source.catalog().services.keys());
  if (typeof service !== 'string') return missing(asked, service);
  const outcome = await source.rest(service, what);
  if (outcome.kind === 'done')
    return { service, containers: [...outcome.containers], message: told(service, what, outcome.containers) };
  return refused(service, outcome);
}

function told(service: string, what: 'wake' | 'sleep', containers: readonly string[]): string {
  if (containers.length === 0) return `all of ${service} is ${what === 'wake' ? 'awake' : 'asleep'} already`;
  return `${containers.join(', ')} of ${service} ${containers.length === 1 ? 'is' : 'are'} ${what === 'wake' ? 'being started' : 'being put to sleep'}`;
}

function refused(service: string, outcome: Exclude<RestAnswer, { kind: 'done' }>): Failure<409> {
  if (outcome.kind === 'in-use') {
    const detail = `${service} has ${plural(outcome.sessions, 'session')}; drain it, or close them, first.`;
    return { status: 409, code: 'in-use', title: 'The service is in use', detail };
  }
  if (outcome.kind === 'needed') {
    const by = outcome.by.slice(0, 5).join(', ');
    const detail = `${service} is needed by ${by}, which ${outcome.by.length === 1 ? 'is' : 'are'} awake; put that to sleep first.`;
    return { status: 409, code: 'needed', title: 'The service is needed', detail };
  }
  const detail = `No container of ${service} has the label sleep, or Sealane was not started with --engine-actions start,stop.`;
  return { status: 409, code: 'never-sleeps', title: 'The service never sleeps', detail };
}

function missing(
  asked: string,
  { several, suggestion }: Exclude<ReturnType<typeof serviceMeant>, string>,
): Failure<404> | Failure<409> {
  if (several.length > 0) {
    const detail = `${printable(asked)} may be several services; name one: ${several.slice(0, 5).join(' or ')}.`;
    return {
      status: 409,
      code: 'ambiguous-service',
      title: 'Several services may be meant',
      detail,
      suggestions: several,
    };
  }
  const hint = suggestion === undefined ? 'See what there is: sealane status.' : `Did you mean ${suggestion}?`;
  const detail = `No service is called ${printable(asked)}. ${hint}`;
  const suggestions = suggestion === undefined ? [] : [suggestion];
  return { status: 404, code: 'no-such-service', title: 'There is no such service', detail, suggestions };
}
