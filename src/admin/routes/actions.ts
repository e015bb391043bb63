import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameOnEngine } from '../../catalog/container-name.ts';
import { inNaturalOrder, type ServiceUpstream } from '../../catalog/upstream.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed, type Failure } from '../problem-document.ts';
import { actionSchema, weightSchema } from '../schema.ts';
import type { AdminCommands, AdminReads } from '../source.ts';
import { answers } from './contract.ts';

/**
 * The routes of operators' commands. Each is an input of the catalog or a message to the relay, and takes effect at
 * once; none outlives the upstream's process or this Sealane.
 */
const params = z.object({
  key: z.string().describe("The upstream's key, or a name that only one upstream has; URL-encoded."),
});
const drain = createRoute({
  method: 'post',
  path: '/api/upstreams/{key}/drain',
  request: { params },
  ...answers('act', 'Gives the upstream no new sessions; its running sessions go on.', actionSchema, 404, 409),
});
const undrain = createRoute({
  method: 'post',
  path: '/api/upstreams/{key}/undrain',
  request: { params },
  ...answers('act', 'Ends `drain`.', actionSchema, 404, 409),
});
const closeSessions = createRoute({
  method: 'post',
  path: '/api/upstreams/{key}/close-sessions',
  request: { params },
  ...answers('act', 'Closes the upstream’s sessions.', actionSchema, 404, 409),
});
const weight = createRoute({
  method: 'put',
  path: '/api/upstreams/{key}/weight',
  request: { params, body: { required: true, content: { 'application/json': { schema: weightSchema } } } },
  ...answers(
    'act',
    'Sets the upstream’s weight for as long as its process lives; null restores the declared one.',
    actionSchema,
    400,
    404,
    409,
    415,
  ),
});

/** The upstreams that commands may name, and the commands. */
type ActionSource = Pick<AdminReads, 'catalog' | 'upstream'> & AdminCommands;

export function actions(source: ActionSource): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  const done = ({ declared }: ServiceUpstream, message: string) => ({
    upstream: declared.key,
    message,
    sessions: source.upstream(declared.key)?.active ?? 0,
  });

  app.openapi(drain, async (context) => {
    const found = find(source, context.req.valid('param').key);
    if ('status' in found) return failed(context, found);
    await source.override(found.declared.key, { drained: true });
    return context.json(done(found, `${found.declared.name} gets no new sessions`), 200);
  });
  app.openapi(undrain, async (context) => {
    const found = find(source, context.req.valid('param').key);
    if ('status' in found) return failed(context, found);
    await source.override(found.declared.key, { drained: false });
    return context.json(done(found, `${found.declared.name} gets sessions again as soon as it is ready`), 200);
  });
  app.openapi(closeSessions, (context) => {
    const found = find(source, context.req.valid('param').key);
    if ('status' in found) return failed(context, found);
    source.closeSessionsOf(found.declared.key);
    return context.json(done(found, `the sessions of ${found.declared.name} are closed`), 200);
  });
  app.openapi(weight, async (context) => {
    const found = find(source, context.req.valid('param').key);
    if ('status' in found) return failed(context, found);
    const { weight: wanted } = context.req.valid('json');
    await source.override(found.declared.key, { weight: wanted ?? undefined });
    const now = wanted === null ? `its declared weight, ${found.declared.weight}` : `weight ${wanted}`;
    return context.json(done(found, `${found.declared.name} has ${now}`), 200);
  });
  return app;
}

/** The upstream with this key, or with this name where only one has it. */
function find(source: ActionSource, asked: string): ServiceUpstream | Failure<404 | 409> {
  const { services } = source.catalog();
  const all = [...services.values()].flatMap(({ upstreams }) => upstreams);
  const byKey = all.find(({ declared }) => declared.key === asked);
  if (byKey) return byKey;
  const named = all.filter(({ declared }) => declared.name === asked || declared.task?.name === asked);
  const namesakes = named.length > 0 ? named : all.filter(({ declared }) => nameOnEngine(declared) === asked);
  const [first, ...others] = namesakes;
  if (first && others.length === 0) return first;
  if (first) return ambiguous(asked, namesakes);
  return { status: 404, code: 'no-such-upstream', title: 'There is no such upstream', ...missing(asked, services) };
}

function ambiguous(asked: string, namesakes: readonly ServiceUpstream[]): Failure<409> {
  const names = [...new Set(namesakes.map(({ declared }) => declared.name))];
  const keys = namesakes.map(({ declared }) => declared.key);
  const detail =
    names.length > 1
      ? `Several containers are named ${printable(asked)}; say which: ${names.slice(0, 3).join(' or ')}.`
      : `${printable(asked)} serves several ports; name the upstream by its key: ${keys.slice(0, 3).join(' or ')}.`;
  return {
    status: 409,
    code: 'ambiguous-upstream',
    title: 'Several upstreams have this name',
    detail,
    suggestions: names.length > 1 ? names : keys,
  };
}

/** What to say of a name that no upstream has. */
function missing(asked: string, services: Catalog['services']): Pick<Failure<404>, 'detail' | 'suggestions'> {
  const service = services.get(asked);
  if (service && service.upstreams.length > 0) {
    const names = inNaturalOrder(service.upstreams).map(({ declared }) => declared.name);
    return {
      detail: `${printable(asked)} is a service; name one of its upstreams, such as ${names[0]}.`,
      suggestions: names,
    };
  }
  const all = [...services.values()].flatMap(({ upstreams }) => upstreams.map(({ declared }) => declared.name));
  const meant = didYouMean(asked, all);
  return {
    detail: `No upstream has the key or name ${printable(asked)}; ${meant === undefined ? 'its process may have ended.' : `did you mean ${meant}?`}`,
    suggestions: meant === undefined ? [] : [meant],
  };
}
