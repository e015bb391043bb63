import { expect, it } from 'vitest';
import type { ApiService } from '../../../src/admin/schema.ts';
import { withServices } from '../../../src/dashboard/data/known-services.ts';

const service = (name: string, state: ApiService['state'] = 'up'): ApiService =>
  ({ name, state }) as unknown as ApiService;

const known = new Map(['shop/api', 'shop/web'].map((name) => [name, service(name)]));

it('a service that is new comes where its name belongs, not last', () => {
  const now = withServices(known, [
    ['shop/db', service('shop/db')],
    ['blog/web', service('blog/web')],
  ]);
  expect([...now.keys()]).toEqual(['blog/web', 'shop/api', 'shop/db', 'shop/web']);
});

it('a service that changed is replaced, and one that is gone is left out', () => {
  const now = withServices(known, [
    ['shop/api', service('shop/api', 'down')],
    ['shop/web', undefined],
    ['shop/never', undefined],
  ]);
  expect([...now.values()]).toEqual([service('shop/api', 'down')]);
  expect([...known.keys()]).toEqual(['shop/api', 'shop/web']);
});
