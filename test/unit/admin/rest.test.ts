import { expect, test } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import { adminSource } from '../../support/sealane/admin-source.ts';

const app = createAdminApp(adminSource(), { token: undefined, names: [] });

async function post(path: string): Promise<readonly [status: number, body: unknown]> {
  const answer = await app.request(path, { method: 'POST', headers: { host: 'localhost' } });
  return [answer.status, await answer.json()];
}

test('wakes a service, and says what is being started', async () => {
  expect(await post('/api/services/shop%2Fapi/wake')).toEqual([
    200,
    { service: 'shop/api', containers: ['api-1'], message: 'api-1 of shop/api is being started' },
  ]);
  expect((await post('/api/services/api/sleep'))[1], 'by its short name').toMatchObject({ service: 'shop/api' });
});

test('does not put a service to sleep that is in use, nor one that is unknown', async () => {
  expect(await post('/api/services/web/sleep')).toMatchObject([409, { detail: expect.stringContaining('2 sessions') }]);
  expect(await post('/api/services/wep/sleep')).toMatchObject([404, { suggestions: ['web'] }]);
});
