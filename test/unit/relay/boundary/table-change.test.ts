import { describe, expect, test } from 'vitest';
import { changeBetween } from '../../../../src/relay/boundary/table-change.ts';
import { listener, pool, table, upstream } from '../../../support/sockets/tables.ts';

const api = pool([upstream('api-1'), upstream('api-2')]);
const web = pool([upstream('web-1')], { service: 'shop/web' });

describe('what is new in a table', () => {
  test('is nothing when every pool is the same object', () => {
    const { change, keys } = changeBetween(table([api, web]), table([api, web]));
    expect(change).toMatchObject({ listeners: undefined, pools: [], removed: [] });
    expect(keys).toEqual({ present: [], left: [] });
  });

  test('is the pool that changed, with the upstreams that it has and those that left', () => {
    const smaller = pool([upstream('api-2'), upstream('api-3')]);
    const { change, keys } = changeBetween(table([api, web]), table([smaller, web]));
    expect(change.pools).toEqual([smaller]);
    expect(keys).toEqual({ present: ['api-2', 'api-3'], left: ['api-1'] });
  });

  test('is the service that was removed', () => {
    const { change, keys } = changeBetween(table([api, web]), table([web]));
    expect(change).toMatchObject({ pools: [], removed: ['shop/api'] });
    expect(change.listeners).toEqual([listener('shop/web')]);
    expect(keys).toEqual({ present: [], left: ['api-1', 'api-2'] });
  });

  test('keeps an upstream that moved from one service to another', () => {
    const without = pool([upstream('api-1')]);
    const joined = pool([upstream('web-1'), upstream('api-2')], { service: 'shop/web' });
    expect(changeBetween(table([api, web]), table([without, joined])).keys.left).toEqual([]);
  });
});
