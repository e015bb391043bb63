import { describe, expect, it } from 'vitest';
import type { ApiService } from '../../../src/admin/schema.ts';
import { countStates, projectsOf, selectServices, type Wanted } from '../../../src/dashboard/data/selection.ts';
import { fromHash, toHash, type Place } from '../../../src/dashboard/place.ts';

const service = (name: string, state: ApiService['state'], more: Partial<ApiService> = {}): ApiService =>
  ({ name, state, routes: [], upstreams: [], ...more }) as unknown as ApiService;
const upstream = (name: string, state = 'ready'): ApiService['upstreams'][number] =>
  ({
    name,
    state,
    containerId: 'f00dcafe',
    endpoints: ['172.18.0.3:3000'],
  }) as unknown as ApiService['upstreams'][number];

const services = [
  service('shop/api', 'up', { upstreams: [upstream('shop-api-1'), upstream('shop-api-2', 'draining')] }),
  service('shop/db', 'down', {
    routes: [
      {
        listen: '127.0.0.1:5432',
        selectors: [],
        names: [],
        open: true,
        port: 5432,
        published: [],
        web: [],
        reason: null,
      },
    ],
  }),
  service('Web', 'degraded', {
    routes: [
      {
        listen: ':443',
        selectors: ['host web.test'],
        names: ['host web.test'],
        open: true,
        port: 443,
        published: [],
        web: [],
        reason: null,
      },
    ],
  }),
];

function found(wanted: Partial<Wanted>): string[] {
  const live = (name: string) => ({ active: name.length, held: 0, up: 0, down: name === 'shop/db' ? 9 : 1 });
  const all = { search: '', state: 'all', order: 'name', project: undefined, ...wanted } as const;
  return selectServices(services, all, live).map(({ name }) => name);
}

describe('the list of services', () => {
  it.each([
    ['shop', ['shop/api', 'shop/db']],
    ['WEB', ['Web']],
    ['5432', ['shop/db']],
    ['web.test', ['Web']],
    ['shop-api-2', ['shop/api']],
    ['f00d', ['shop/api']],
    ['172.18.0.3', ['shop/api']],
    ['draining', ['shop/api']],
    ['shop 5432', ['shop/db']],
    ['nothing', []],
  ])('finds by "%s" what has it as a name, a port, a container or an address', (search, names) => {
    expect(found({ search })).toEqual(names);
  });

  it('shows those that need attention, or those in one state', () => {
    expect(found({ state: 'attention' })).toEqual(['shop/db', 'Web']);
    expect(found({ state: 'degraded' })).toEqual(['Web']);
  });

  it('shows those that need attention first, the others in the order of the names', () => {
    expect(found({ order: 'state' })).toEqual(['shop/db', 'Web', 'shop/api']);
  });

  it('has the projects of its services, and shows those of one', () => {
    expect(projectsOf(services)).toEqual(['', 'shop']);
    expect(projectsOf([service('b/x/y', 'up'), service('a/x', 'up')])).toEqual(['a', 'b']);
    expect(found({ project: 'shop' })).toEqual(['shop/api', 'shop/db']);
    expect(found({ project: '' })).toEqual(['Web']);
    expect(found({ project: 'sho' })).toEqual([]);
  });

  it('orders by connections or by traffic, and else keeps the order of the names', () => {
    expect(found({ order: 'sessions' })[0]).toBe('shop/api');
    expect(found({ order: 'traffic' })[0]).toBe('shop/db');
  });

  it('counts states', () => {
    expect(countStates(services)).toEqual({ all: 3, attention: 2, down: 1, upstreams: 2, readyUpstreams: 1 });
  });
});

describe('the place in the page', () => {
  it.each<Place>([
    { kind: 'services' },
    { kind: 'services', project: 'shop & <b>?#' },
    { kind: 'services', project: '' },
    { kind: 'service', name: 'shop/api:8080?#%<b>' },
    { kind: 'sessions', service: 'shop/api&x=1' },
    { kind: 'sessions', service: '' },
    { kind: 'events' },
    { kind: 'problems' },
  ])('survives the address bar: $kind', (place) => {
    expect(fromHash(toHash(place))).toEqual(place);
  });

  it.each(['', '#', '#/nowhere', '#/services/', '#/services/%E0%A4%A'])('is the first one for %o', (hash) => {
    expect(fromHash(hash)).toEqual({ kind: 'services' });
  });
});
