import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { parseAddress } from '../../address/address.ts';
import { mostOfService, type StandIn, type StandInLease } from '../../catalog/swap/stand-in.ts';
import { serviceMeant } from '../../catalog/swap/service-meant.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed, type Failure } from '../problem-document.ts';
import type { AdminCommands, AdminReads } from '../source.ts';
import { askedSwapSchema, standInSchema } from '../stand-ins/schema.ts';
import { viewStandIn } from '../stand-ins/views.ts';
import { answers } from './contract.ts';

/**
 * The routes of swaps: a process takes the place of a service's upstreams. Its owner chooses the id and renews the lease
 * by the same request; so a swap outlives a restart of Sealane.
 */
const params = z.object({
  name: z.string().describe('The service; URL-encoded.'),
  id: z
    .string()
    .regex(/^[\w-]{8,64}$/)
    .describe('The owner’s own id of the stand-in, such as a UUID.'),
});
const path = '/api/services/{name}/stand-ins/{id}';
const take = createRoute({
  method: 'put',
  path,
  request: { params, body: { required: true, content: { 'application/json': { schema: askedSwapSchema } } } },
  ...answers(
    'act',
    'Sends new sessions of a service to another process until the lease runs out; asked again, it renews the lease.',
    standInSchema,
    ...([400, 404, 409, 410, 415, 422] as const),
  ),
});
const giveBack = createRoute({
  method: 'delete',
  path,
  request: { params },
  ...answers('act', 'Gives the service back to the upstreams that it had.', standInSchema, 404),
});

export function standIns(
  source: AdminReads & Pick<AdminCommands, 'swap' | 'giveBack' | 'wasGivenBack'>,
): OpenAPIHono<AdminEnv> {
  const app = new OpenAPIHono<AdminEnv>();
  app.openapi(take, async (context) => {
    if (!source.facts.swaps) return failed(context, off);
    const { name, id } = context.req.valid('param');
    const { address: text, owner, ...asked } = context.req.valid('json');
    const meant = serviceMeant(name, source.catalog().services.keys());
    if (typeof meant !== 'string') return failed(context, missing(name, meant));
    if (source.wasGivenBack(meant, id)) return failed(context, gone);
    const address = parseAddress(text) ?? { host: '', port: 0 };
    const wanted = { address: printable(text), owner: printable(owner), percent: asked.percent, strict: asked.strict };
    const leases = source.leasesOf(meant);
    const known = leases.find(({ standIn }) => standIn.id === id);
    if (known && !isSame(known.standIn, wanted)) return failed(context, another(known));
    if (!known && leases.length >= mostOfService) return failed(context, tooMany(meant));
    const taken = await source.swap({
      ...asked,
      ...wanted,
      id,
      service: meant,
      address,
      shown: wanted.address,
    });
    if (typeof taken !== 'string') return context.json(viewStandIn(source, taken), 200);
    return failed(context, {
      status: 422,
      code: 'swap-impossible',
      title: 'The process can’t be reached',
      detail: taken,
    });
  });
  app.openapi(giveBack, async (context) => {
    const { name, id } = context.req.valid('param');
    const service = serviceMeant(name, source.catalog().services.keys());
    const lease = source
      .leasesOf(typeof service === 'string' ? service : name)
      .find(({ standIn }) => standIn.id === id);
    if (!lease) return failed(context, noStandIn(name));
    const view = viewStandIn(source, lease);
    await source.giveBack(lease.service, id);
    // Sessions may have begun until now.
    return context.json({ ...view, sessions: viewStandIn(source, lease).sessions }, 200);
  });
  return app;
}

function missing(
  asked: string,
  { several, suggestion }: Exclude<ReturnType<typeof serviceMeant>, string>,
): Failure<404 | 409> {
  if (several.length > 0) {
    return {
      status: 409,
      code: 'ambiguous-service',
      title: 'Several services may be meant',
      detail: `${printable(asked)} may be several services; name one: ${several.slice(0, 5).join(' or ')}.`,
      suggestions: several,
    };
  }
  const hint = suggestion === undefined ? 'See what there is: sealane status.' : `Did you mean ${suggestion}?`;
  return {
    status: 404,
    code: 'no-such-service',
    title: 'There is no such service',
    detail: `No service is called ${printable(asked)}. ${hint}`,
    suggestions: suggestion === undefined ? [] : [suggestion],
  };
}

const off: Failure<403> = {
  status: 403,
  code: 'swaps-off',
  title: 'Swaps are off',
  detail: 'This Sealane lets no process take the place of a service: it runs with --swaps off.',
};

/** Whether a request with the id of a stand-in renews it, and asks for nothing else. */
function isSame(standIn: StandIn, wanted: Pick<StandIn, 'address' | 'owner' | 'percent' | 'strict'>): boolean {
  return (['address', 'owner', 'percent', 'strict'] as const).every((field) => standIn[field] === wanted[field]);
}

function another({ service, standIn }: StandInLease): Failure<409> {
  const { id, address, owner, percent } = standIn;
  return {
    status: 409,
    code: 'another-stand-in',
    title: 'The id is that of another stand-in',
    detail: `${id} is the stand-in ${address} of ${owner} for ${percent}% of ${service}, which this request does not ask for; choose another id.`,
  };
}

const gone: Failure<410> = {
  status: 410,
  code: 'given-back',
  title: 'The service was given back',
  detail: 'This swap was ended by sealane swap --back or on the page; begin another one.',
};

function tooMany(service: string): Failure<409> {
  return {
    status: 409,
    code: 'too-many-stand-ins',
    title: 'The service has too many stand-ins',
    detail: `${service} has ${mostOfService} stand-ins; end some of them: sealane swap ${service} --back.`,
  };
}

function noStandIn(service: string): Failure<404> {
  return {
    status: 404,
    code: 'no-such-stand-in',
    title: 'There is no such stand-in',
    detail: `${printable(service)} has no stand-in with this id: its lease ran out, or it was given back.`,
  };
}
