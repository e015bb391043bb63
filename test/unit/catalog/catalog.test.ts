import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog, type CatalogInput } from '../../../src/catalog/catalog.ts';
import type { Declaration } from '../../../src/catalog/declaration.ts';
import { diffCatalogs } from '../../../src/catalog/diff.ts';
import { mergeDeclarations } from '../../../src/catalog/merge.ts';
import { createTableWriter } from '../../../src/catalog/routing.ts';
import type { RoutingTable } from '../../../src/relay/boundary/table.ts';

import { declaration, world } from '../../support/declared.ts';

const states = (catalog: Catalog, service = 'api') =>
  Object.fromEntries(catalog.services.get(service)?.upstreams.map((one) => [one.declared.name, one.state.kind]) ?? []);

const toTable = (catalog: Catalog): RoutingTable =>
  createTableWriter({ maxHeld: 1024, explainNames: true })(catalog, 1);

describe('merging', () => {
  it('joins replicas into one pool on one listener', () => {
    const { services } = mergeDeclarations([declaration('a'), declaration('b', { created: 2 })]);
    expect(services).toMatchObject([{ name: 'api', routes: [{ listen: '127.0.0.1:80' }] }]);
    expect(services[0]?.upstreams.map((one) => one.name)).toEqual(['a', 'b']);
  });

  it('takes the options of most replicas when they disagree, with a problem that names the one that differs', () => {
    const { services, problems } = mergeDeclarations([
      declaration('stray', { holdMs: 3 }),
      declaration('b', { created: 2 }),
      declaration('c', { created: 3 }),
    ]);
    expect(services[0]?.pool.holdMs).toBe(10_000);
    expect(problems).toMatchObject([{ code: 'labels-differ', subject: 'api', containerId: 'stray' }]);
    expect(problems[0]?.message).toMatch(/stray differs: for hold/);
    expect(problems[0]?.fix).toContain('stray');
  });

  it('takes the options of the oldest replica when as many say one thing as another', () => {
    const { services, problems } = mergeDeclarations([
      declaration('new', { created: 9, holdMs: 3 }),
      declaration('old'),
    ]);
    expect(services[0]?.pool.holdMs).toBe(10_000);
    expect(problems).toMatchObject([{ containerId: 'new' }]);
  });

  it('takes the options of the configuration, however many containers join its service', () => {
    const fixed: Declaration = { ...declaration('a', { holdMs: 7 }), declaredBy: { kind: 'static', position: 0 } };
    const { services } = mergeDeclarations([fixed, declaration('b'), declaration('c', { created: 2 })]);
    expect(services[0]?.pool.holdMs).toBe(7);
  });

  it('counts a container once, however many addresses and routes it declares', () => {
    const stray = [1, 2, 3].map((port) => declaration('stray', { created: 9, holdMs: 3, port }));
    const { services } = mergeDeclarations([...stray, declaration('a'), declaration('b', { created: 2 })]);
    expect(services[0]?.pool.holdMs).toBe(10_000);
  });

  it('leaves each upstream its own weight', () => {
    const [stray] = [declaration('stray', { created: 9 })];
    const heavy = { ...stray, upstream: { ...must(stray.upstream), weight: 256 } };
    const { services } = mergeDeclarations([heavy, declaration('a')]);
    expect(services[0]?.upstreams.map(({ weight }) => weight)).toEqual([1, 256]);
  });

  it('leaves a listen address to the service of the older container and names both in the problem', () => {
    const { services, problems } = mergeDeclarations([
      declaration('young', { service: 'b', created: 2 }),
      declaration('old', { service: 'a' }),
    ]);
    expect(services.map((one) => [one.name, one.routes.length])).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
    expect(problems[0]).toMatchObject({ code: 'listen-conflict', subject: 'b', containerId: 'young', route: '' });
    expect(problems[0]?.message).toContain('old');
  });

  it('leaves a listen address to a service that is asleep, also where a younger one runs, and says what ends that', () => {
    const old = declaration('old', { service: 'a' });
    const sleep = { afterMs: 900_000, mode: 'stop' } as const;
    const asleep = { ...must(old.upstream), sleep, condition: { kind: 'asleep', how: 'stopped' } as const };
    const { services, problems } = mergeDeclarations([
      declaration('young', { service: 'b', created: 2 }),
      { ...old, upstream: asleep },
    ]);
    expect(services.map((one) => [one.name, one.routes.length])).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
    expect(problems[0]?.fix).toMatch(/a keeps it while it is asleep; docker rm ends that\.$/);
  });

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['127.0.0.1', '127.0.0.1'],
  ])('sees %s and %s on one port as one address', (first, second) => {
    const { problems } = mergeDeclarations([
      declaration('a', { service: 'a', host: first }),
      declaration('b', { service: 'b', host: second, created: 2 }),
    ]);
    expect(problems).toHaveLength(1);
  });

  it.each([
    ['127.0.0.1', '127.0.0.2'],
    ['0.0.0.0', '::1'],
    ['127.0.0.1', '::1'],
  ])('sees %s and %s on one port as two addresses', (first, second) => {
    const { problems } = mergeDeclarations([
      declaration('a', { service: 'a', host: first }),
      declaration('b', { service: 'b', host: second, created: 2 }),
    ]);
    expect(problems).toHaveLength(0);
  });

  it.each([
    ['::', '0.0.0.0'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['0.0.0.0', '127.0.0.1'],
  ])('opens %s alone for a container that listens there and on %s, since its socket serves both', (wide, narrow) => {
    for (const hosts of [
      [wide, narrow],
      [narrow, wide],
    ]) {
      const { services, problems } = mergeDeclarations(hosts.map((host) => declaration('a', { host })));
      expect(services[0]?.routes).toMatchObject([{ host: wide }]);
      expect(problems).toEqual([]);
    }
  });

  it('has a problem for an address that no socket of the service serves', () => {
    const { services, problems } = mergeDeclarations([
      declaration('old', { host: '127.0.0.1' }),
      declaration('new', { host: '::', created: 2 }),
    ]);
    expect(services[0]?.routes).toMatchObject([{ host: '127.0.0.1' }]);
    expect(problems).toMatchObject([{ code: 'listen-conflict', containerId: 'new', listen: '[::]:80' }]);
    expect(problems[0]?.message).toBe('new wants [::]:80 for api, but old has 127.0.0.1:80 for api');
  });

  it('does not depend on the order of its input', () => {
    const services = fc.constantFrom('a', 'b', 'c');
    const one = fc.record({
      service: services,
      port: fc.integer({ min: 1, max: 3 }),
      created: fc.integer({ min: 1, max: 3 }),
      holdMs: fc.constantFrom(1, 2),
      host: fc.constantFrom('0.0.0.0', '127.0.0.1', '::'),
    });
    fc.assert(
      fc.property(
        fc
          .array(one, { maxLength: 8 })
          .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all.keys()], { minLength: all.length }))),
        ([all, order]) => {
          const declarations = all.map((over, index) => declaration(`c${index}`, over));
          expect(mergeDeclarations(order.flatMap((index) => declarations[index] ?? []))).toEqual(
            mergeDeclarations(declarations),
          );
        },
      ),
    );
  });
});

describe('the catalog', () => {
  it('drops an upstream whose process died at once', () => {
    const before = nextCatalog(emptyCatalog, world([declaration('a'), declaration('b', { created: 2 })]), 0);
    expect(states(nextCatalog(before, world([declaration('a')]), 1))).toEqual({ a: 'ready' });
  });

  it('drains an upstream that is withdrawn while its process lives, until its deadline', () => {
    const before = nextCatalog(emptyCatalog, world([declaration('a'), declaration('b', { created: 2 })]), 0);
    const input = world([declaration('a')], ['a', 'b']);
    const draining = nextCatalog(before, input, 100);
    expect(states(draining)).toEqual({ a: 'ready', b: 'draining' });
    expect(draining.nextDeadlineMs).toBe(5100);
    expect(states(nextCatalog(draining, input, 5099))).toEqual({ a: 'ready', b: 'draining' });
    expect(states(nextCatalog(draining, input, 5100))).toEqual({ a: 'ready' });
  });

  it('ends a drain when the process dies', () => {
    let catalog = nextCatalog(emptyCatalog, world([declaration('a'), declaration('b', { created: 2 })]), 0);
    catalog = nextCatalog(catalog, world([declaration('a')], ['a', 'b']), 1);
    expect(states(nextCatalog(catalog, world([declaration('a')]), 2))).toEqual({ a: 'ready' });
  });

  it('takes a paused container out of rotation and back', () => {
    let catalog = nextCatalog(emptyCatalog, world([declaration('a')]), 0);
    catalog = nextCatalog(catalog, world([declaration('a', { paused: true })]), 5);
    expect(states(catalog)).toEqual({ a: 'paused' });
    catalog = nextCatalog(catalog, world([declaration('a')]), 9);
    expect(catalog.services.get('api')?.upstreams[0]?.state).toEqual({
      kind: 'ready',
      sinceMs: 9,
      reason: 'it is not checked',
    });
  });

  it('keeps the port of a service whose last container went, for as long as it would hold a client', () => {
    let catalog = nextCatalog(emptyCatalog, world([declaration('a')]), 0);
    catalog = nextCatalog(catalog, world([]), 1000);
    expect(toTable(catalog).listeners).toHaveLength(1);
    expect(catalog.nextDeadlineMs).toBe(11_000);
    const back = nextCatalog(catalog, world([declaration('a', { run: 2n })]), 5000);
    expect(back.services.get('api')).toMatchObject({ lingersUntilMs: undefined });
    const gone = nextCatalog(catalog, world([]), 11_000);
    expect(gone.services.size).toBe(0);
    expect(gone.nextDeadlineMs).toBeUndefined();
  });

  it('gives the port of a lingering service to a service that wants it now', () => {
    let catalog = nextCatalog(emptyCatalog, world([declaration('a')]), 0);
    catalog = nextCatalog(catalog, world([declaration('b', { service: 'other', created: 5 })]), 1);
    expect(toTable(catalog).listeners).toMatchObject([{ service: 'other' }]);
  });

  it('closes the port of a static service that was removed at once, and drains its sessions', () => {
    const fixed: Declaration = {
      ...declaration('a'),
      declaredBy: { kind: 'static', position: 0 },
      upstream: { ...must(declaration('a').upstream), run: undefined },
    };
    const before = nextCatalog(emptyCatalog, world([fixed]), 0);
    const after = nextCatalog(before, world([]), 1);
    expect(toTable(after).listeners).toEqual([]);
    expect(states(after)).toEqual({ a: 'draining' });
  });

  it('stays unchanged, without changes to log, while the world does', () => {
    const input = world([declaration('a')]);
    const before = nextCatalog(emptyCatalog, input, 0);
    const after = nextCatalog(before, input, 50);
    expect(diffCatalogs(before, after)).toEqual([]);
    expect(toTable(after)).toEqual(toTable(before));
  });

  it('describes each change in one line, with the container and the reason', () => {
    const before = nextCatalog(emptyCatalog, world([declaration('a')]), 0);
    const lines = diffCatalogs(emptyCatalog, before).map((change) => change.message);
    expect(lines).toEqual(['service api declared by a', 'a (10.0.0.1:80) joined api, ready: it is not checked']);
    const listeners = new Map([['127.0.0.1:80', { kind: 'listening', host: '127.0.0.1', port: 80 } as const]]);
    const open = nextCatalog(before, { ...world([declaration('a')]), listeners }, 0);
    expect(diffCatalogs(before, open).map((change) => change.message)).toEqual(['api is served on 127.0.0.1:80']);
    const gone = nextCatalog(before, world([]), 1);
    expect(diffCatalogs(before, gone).map((change) => change.message)).toEqual([
      'a left api: its process is gone',
      'service api has no container left; its port stays open for 10s',
    ]);
  });

  it('equals the one computed from the final world alone once drains and lingering have passed', () => {
    const moment = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        run: fc.bigInt({ min: 1n, max: 3n }),
        paused: fc.boolean(),
        service: fc.constantFrom('s', 't'),
      }),
      { maxLength: 4 },
    );
    const toWorld = (all: readonly { name: string; run: bigint; paused: boolean; service: string }[]): CatalogInput =>
      world([...new Map(all.map((one) => [one.name, declaration(one.name, one)])).values()]);
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1, maxLength: 6 }), (moments) => {
        let catalog = emptyCatalog;
        moments.forEach((all, index) => {
          catalog = nextCatalog(catalog, toWorld(all), index * 100);
        });
        const last = toWorld(moments.at(-1) ?? []);
        const settled = nextCatalog(catalog, last, 1_000_000);
        const fresh = nextCatalog(emptyCatalog, last, 1_000_000);
        expect(toTable(settled)).toEqual(toTable(fresh));
      }),
    );
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected a value');
  return value;
}

describe('an upstream that another service declares now', () => {
  const opened = (catalog: Catalog): string[] => [...catalog.services.keys()];

  it('leaves the service that had it at once, and keeps its state', () => {
    const before = nextCatalog(emptyCatalog, world([declaration('a', { service: 'old' })]), 0);
    const after = nextCatalog(before, world([declaration('a', { service: 'new' })]), 1_000);
    expect(opened(after)).toEqual(['new']);
    expect(after.services.get('new')?.upstreams[0]?.state).toMatchObject({ kind: 'ready', sinceMs: 0 });
    expect(after.nextDeadlineMs).toBeUndefined();
    const removal = diffCatalogs(before, after).find(({ event }) => event === 'upstream-removed');
    expect(removal?.message).toContain('new');
  });

  it('is not moved when its container runs anew', () => {
    const before = nextCatalog(emptyCatalog, world([declaration('a', { service: 'old' })]), 0);
    const after = nextCatalog(before, world([declaration('a', { service: 'new', run: 2n })]), 1_000);
    expect(states(after, 'old')).toEqual({ a: 'draining' });
  });

  it('joins a service that lingers', () => {
    const both = [declaration('a', { service: 'web' }), declaration('b', { service: 'web-new', port: 81 })];
    const before = nextCatalog(emptyCatalog, world(both), 0);
    const lingers = nextCatalog(before, world(both.slice(1), ['b']), 1_000);
    const after = nextCatalog(lingers, world([declaration('b', { service: 'web', port: 81 })]), 2_000);
    expect(opened(after)).toEqual(['web']);
    expect(states(after, 'web')).toEqual({ b: 'ready' });
  });

  it('moves when two services swap names', () => {
    const before = [declaration('a', { service: 'one' }), declaration('b', { service: 'two', port: 81 })];
    const after = [declaration('a', { service: 'two' }), declaration('b', { service: 'one', port: 81 })];
    const catalog = nextCatalog(nextCatalog(emptyCatalog, world(before), 0), world(after), 1_000);
    expect([states(catalog, 'one'), states(catalog, 'two')]).toEqual([{ b: 'ready' }, { a: 'ready' }]);
  });
});
