import { Hono, type Context } from 'hono';
import type { ServiceUpstream } from '../../catalog/upstream.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { printable } from '../../text/printable.ts';
import type { AdminEnv } from '../environment.ts';
import { failed } from '../problem-document.ts';
import { weightSchema } from '../schema.ts';
import type { AdminSource } from '../source.ts';
import { checked } from './checked.ts';

/**
 * What operators may ask for. Each is an input of the catalog or a message to the relay, and takes effect at once; none
 * outlives the upstream's process or this Sealane.
 */
export function actions(source: AdminSource): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  const did = (context: Context, { declared }: ServiceUpstream, message: string): Response =>
    context.json({ upstream: declared.key, message, sessions: source.upstream(declared.key)?.active ?? 0 });

  app.post('/api/upstreams/:key/drain', (context) => {
    const upstream = find(source, context);
    if (upstream instanceof Response) return upstream;
    source.override(upstream.declared.key, { drained: true });
    return did(context, upstream, `${upstream.declared.name} gets no new sessions`);
  });
  app.post('/api/upstreams/:key/undrain', (context) => {
    const upstream = find(source, context);
    if (upstream instanceof Response) return upstream;
    source.override(upstream.declared.key, { drained: false });
    return did(context, upstream, `${upstream.declared.name} gets sessions again as soon as it is ready`);
  });
  app.post('/api/upstreams/:key/close-sessions', (context) => {
    const upstream = find(source, context);
    if (upstream instanceof Response) return upstream;
    source.closeSessionsOf(upstream.declared.key);
    return did(context, upstream, `the sessions of ${upstream.declared.name} are closed`);
  });
  app.put('/api/upstreams/:key/weight', checked('json', weightSchema), (context) => {
    const upstream = find(source, context);
    if (upstream instanceof Response) return upstream;
    const { weight } = context.req.valid('json');
    source.override(upstream.declared.key, { weight: weight ?? undefined });
    const now = weight === null ? `its declared weight, ${upstream.declared.weight}` : `weight ${weight}`;
    return did(context, upstream, `${upstream.declared.name} has ${now}`);
  });
  return app;
}

/** By its key, or by a name that only one upstream has. */
function find(source: AdminSource, context: Context): ServiceUpstream | Response {
  const asked = context.req.param('key') ?? '';
  const all = [...source.catalog().services.values()].flatMap(({ upstreams }) => upstreams);
  const byKey = all.find(({ declared }) => declared.key === asked);
  if (byKey) return byKey;
  const [first, ...others] = all.filter(({ declared }) => declared.name === asked);
  if (first && others.length === 0) return first;
  if (first) {
    return failed(context, {
      status: 409,
      code: 'ambiguous-upstream',
      title: 'Several upstreams have this name',
      detail: `${printable(asked)} serves several ports; name the upstream by its key.`,
      suggestions: [first, ...others].map(({ declared }) => declared.key),
    });
  }
  const meant = didYouMean(
    asked,
    all.map(({ declared }) => declared.name),
  );
  return failed(context, {
    status: 404,
    code: 'no-such-upstream',
    title: 'There is no such upstream',
    detail: `No upstream has the key or name ${printable(asked)}; its process may have ended.`,
    suggestions: meant === undefined ? [] : [meant],
  });
}
