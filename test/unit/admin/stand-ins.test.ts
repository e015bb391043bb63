import { describe, expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { errorSchema, serviceSchema } from '../../../src/admin/schema.ts';
import { standInSchema } from '../../../src/admin/stand-ins/schema.ts';
import { declaredUpstream } from '../../support/declared.ts';
import { adminSource, catalogOf, declare, type TestSource } from '../../support/sealane/admin-source.ts';

const id = 'a8f5f167-0001';
const body = { address: 'localhost:3000', owner: 'anna@laptop' };

async function ask(source: TestSource, method: string, service: string, sent?: object, over = id) {
  const path = `/api/services/${encodeURIComponent(service)}/stand-ins/${over}`;
  const headers = { host: 'localhost:8470', ...(sent && { 'content-type': 'application/json' }) };
  const app = createAdminApp(source, { token: undefined, names: [] });
  const response = await app.request(path, { method, headers, ...(sent && { body: JSON.stringify(sent) }) });
  return { status: response.status, json: await response.json() };
}

describe('a swap', () => {
  it('is taken and given back by the same path, and the service shows it', async () => {
    const source = adminSource();
    const taken = await ask(source, 'PUT', 'shop/api', { ...body, percent: 20 });
    expect(taken.status).toBe(200);
    expect(standInSchema.parse(taken.json)).toMatchObject({
      id,
      service: 'shop/api',
      address: 'localhost:3000',
      percent: 20,
      serves: true,
      behind: null,
      state: 'starting',
      text: 'swapped: 20% of new sessions go to the stand-in localhost:3000 of anna@laptop',
    });
    const app = createAdminApp(source, { token: undefined, names: [] });
    const shown = await app.request('/api/services/shop/api', { headers: { host: 'localhost' } });
    expect(serviceSchema.parse(await shown.json()).standIns.map((one) => one.id)).toEqual([id]);
    expect((await ask(source, 'DELETE', 'shop/api')).status).toBe(200);
    const again = await ask(source, 'PUT', 'shop/api', body);
    expect([again.status, errorSchema.parse(again.json).type]).toEqual([410, 'urn:sealane:given-back']);
  });

  it.each([
    ['an address without a port', { address: 'localhost' }, /address: must be HOST:PORT/],
    ['a Unix socket', { address: 'unix:/run/x' }, /address: must be HOST:PORT/],
    ['no owner', { owner: '' }, /owner/],
    ['a share of nothing', { percent: 0 }, /percent/],
    ['a strict part of a service', { percent: 50, strict: true }, /strict: needs the whole service/],
    ['a lease without end', { leaseMs: 1e12 }, /leaseMs/],
  ])('is refused with %s', async (_, over, message) => {
    const { status, json } = await ask(adminSource(), 'PUT', 'shop/api', { ...body, ...over });
    expect(status).toBe(400);
    expect(errorSchema.parse(json).detail).toMatch(message);
  });

  it('is refused with an id that is no id, and where the process can’t be reached', async () => {
    expect((await ask(adminSource(), 'PUT', 'shop/api', body, 'x')).status).toBe(400);
    const nowhere = await ask(adminSource(), 'PUT', 'shop/api', { ...body, address: 'nowhere:1' });
    expect([nowhere.status, errorSchema.parse(nowhere.json).detail]).toEqual([422, 'It is nowhere.']);
    expect((await ask(adminSource(), 'DELETE', 'shop/api')).status).toBe(404);
  });

  it('is renewed by the same request only: another owner or address of the same id is refused', async () => {
    const source = adminSource();
    await ask(source, 'PUT', 'shop/api', body);
    for (const over of [{ owner: 'bob@desk' }, { address: 'localhost:3001' }, { percent: 20 }, { strict: true }]) {
      const { status, json } = await ask(source, 'PUT', 'shop/api', { ...body, ...over });
      expect([status, errorSchema.parse(json).type]).toEqual([409, 'urn:sealane:another-stand-in']);
      expect(errorSchema.parse(json).detail).toContain('is the stand-in localhost:3000 of anna@laptop');
    }
    expect((await ask(source, 'PUT', 'shop/api', body)).status).toBe(200);
  });

  it('is refused where swaps are off', async () => {
    const { status, json } = await ask(adminSource(undefined, { swaps: false }), 'PUT', 'shop/api', body);
    expect([status, errorSchema.parse(json).detail]).toEqual([403, expect.stringContaining('--swaps off')]);
  });

  it('ends no other stand-in than its own', async () => {
    const source = adminSource();
    await ask(source, 'PUT', 'shop/api', body);
    expect((await ask(source, 'DELETE', 'web')).status).toBe(404);
    expect((await ask(source, 'DELETE', 'shop/api', undefined, 'another-id')).status).toBe(404);
  });

  it('is bounded to a number of stand-ins for each service', async () => {
    const source = adminSource();
    for (let index = 0; index < 16; index++)
      expect((await ask(source, 'PUT', 'web', body, `${id}-${index}`)).status).toBe(200);
    const { status, json } = await ask(source, 'PUT', 'web', body);
    expect([status, errorSchema.parse(json).type]).toEqual([409, 'urn:sealane:too-many-stand-ins']);
  });
});

describe('the service of a swap', () => {
  const source = () =>
    adminSource(
      catalogOf(
        ['shop/api', 'shop/web:http', 'shop/web:admin', 'shop/db:tls', 'blog/api', 'blog/mail'].map((name, index) =>
          declare(name, declaredUpstream(name), { port: 9_000 + index }),
        ),
      ),
    );

  it.each([
    ['shop/api', 'shop/api'],
    ['shop/db', 'shop/db:tls'],
    ['mail', 'blog/mail'],
    ['db', 'shop/db:tls'],
  ])('%s is %s', async (asked, meant) => {
    const { json } = await ask(source(), 'PUT', asked, body);
    expect(standInSchema.parse(json).service).toBe(meant);
  });

  it.each([
    ['shop/web', 409, ['shop/web:admin', 'shop/web:http']],
    ['api', 409, ['blog/api', 'shop/api']],
    ['shop/apy', 404, ['shop/api']],
    ['mial', 404, ['blog/mail']],
    ['nothing-like-it', 404, []],
  ])('%s is refused with %i, and what may be meant', async (asked, expected, suggestions) => {
    const { status, json } = await ask(source(), 'PUT', asked, body);
    const refusal = errorSchema.parse(json);
    expect([status, refusal.suggestions?.toSorted()]).toEqual([expected, suggestions]);
    for (const one of suggestions) expect(refusal.detail).toContain(one);
  });
});
