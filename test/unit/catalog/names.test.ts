import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import { indexService, type Declaration } from '../../../src/catalog/declaration.ts';
import { diffCatalogs } from '../../../src/catalog/diff.ts';
import { createMerger, mergeDeclarations, type Merged } from '../../../src/catalog/merge.ts';
import { covers, overlap } from '../../../src/address/address.ts';
import { selectorKey, selectorsOf } from '../../../src/catalog/route.ts';
import { createTableWriter } from '../../../src/catalog/routing.ts';
import type { ListenerSpec, Name } from '../../../src/relay/boundary/table.ts';
import { declaration, world, type DeclarationOver } from '../../support/declared.ts';

const rules = { maxHeld: 1024, explainNames: true };
const host = (pattern: string): Name => ({ kind: 'host', pattern });
const sni = (pattern: string): Name => ({ kind: 'sni', pattern });

/** The declaration of a new container of the service, with these names on 127.0.0.1:80. */
function named(service: string, names: readonly Name[], over: DeclarationOver = {}): Declaration {
  return declaration(`${service}-1`, { service, ...over, match: { names, ...over.match } });
}

const catalogOf = (declarations: readonly Declaration[], before = emptyCatalog, nowMs = 0): Catalog =>
  nextCatalog(before, world(declarations), nowMs);

const listenersOf = (catalog: Catalog): readonly ListenerSpec[] => createTableWriter(rules)(catalog, 1).listeners;

/** `host api → api` for each name of the only listener, and `→ api` for its default. */
function routing(catalog: Catalog): string[] {
  const listeners = listenersOf(catalog);
  expect(listeners.length).toBeLessThanOrEqual(1);
  return listeners.flatMap(({ names, service }) => [
    ...names.map((one) => `${one.kind} ${one.pattern} → ${one.service}`),
    ...(service === undefined ? [] : [`→ ${service}`]),
  ]);
}

describe('services with different names', () => {
  it('share a listener with a service that gets the clients that no name matches', () => {
    const catalog = catalogOf([
      named('web', [host('web.localhost'), host('*.web.localhost')], { created: 3 }),
      named('api', [host('api.localhost'), sni('api.localhost')], { created: 2 }),
      named('mysql', []),
    ]);
    expect(catalog.problems).toEqual([]);
    expect(routing(catalog)).toEqual([
      'host *.web.localhost → web',
      'host api.localhost → api',
      'host web.localhost → web',
      'sni api.localhost → api',
      '→ mysql',
    ]);
  });

  it('need no default', () => {
    expect(routing(catalogOf([named('api', [host('api.localhost')])]))).toEqual(['host api.localhost → api']);
  });

  it('may have one name for TLS and for HTTP, or a name and a wildcard that covers it', () => {
    const { problems } = mergeDeclarations([
      named('a', [host('x.localhost')]),
      named('b', [sni('x.localhost')]),
      named('c', [host('*.localhost')]),
    ]);
    expect(problems).toEqual([]);
  });

  it('share sockets and IPv6 addresses, too', () => {
    for (const where of [
      { host: '::1', port: 80 },
      { host: 'unix:/run/sealane/web.sock', port: 0 },
    ]) {
      const catalog = catalogOf([named('a', [host('a')], where), named('b', [host('b')], where)]);
      expect(catalog.problems).toEqual([]);
      expect(routing(catalog)).toEqual(['host a → a', 'host b → b']);
    }
  });

  it('give the listener the longest of their sniff timeouts', () => {
    const [listener] = listenersOf(
      catalogOf([
        named('a', [host('a')], { match: { sniffTimeoutMs: 300 } }),
        named('b', [host('b')], { match: { sniffTimeoutMs: 2_000 } }),
        named('c', []),
      ]),
    );
    expect(listener?.sniffTimeoutMs).toBe(2_000);
  });

  it('keep the same listener object while nothing about them changes', () => {
    const write = createTableWriter(rules);
    const before = catalogOf([named('a', [host('a')]), named('b', [host('b')])]);
    const [first] = write(before, 1).listeners;
    expect(write(catalogOf([named('a', [host('a')]), named('b', [host('b')])], before, 1), 2).listeners).toEqual([
      first,
    ]);
    expect(write(before, 3).listeners[0]?.names).toEqual(first?.names);
  });
});

describe('a service with replicas', () => {
  it('has the names of all of them', () => {
    const { services, problems } = mergeDeclarations([
      declaration('a1', { match: { names: [host('a')] } }),
      declaration('a2', { created: 2, match: { names: [host('a'), host('b')] } }),
    ]);
    expect(problems).toEqual([]);
    expect(services[0]?.routes[0]?.selectors).toMatchObject([host('a'), host('b')]);
  });

  it('has a problem when they disagree on options of the whole address, and takes those of the oldest', () => {
    const { services, problems } = mergeDeclarations([
      declaration('a1', { match: { acceptProxy: ['10.0.0.0/8'] } }),
      declaration('a2', { created: 2 }),
    ]);
    expect(problems).toMatchObject([{ code: 'labels-differ', subject: 'api' }]);
    expect(problems[0]?.message).toContain('accept-proxy');
    expect(services[0]?.routes[0]?.acceptProxy).toEqual(['10.0.0.0/8']);
  });
});

describe('a name on whose TLS replicas disagree', () => {
  it('is served as most of them say', () => {
    const { services, problems } = mergeDeclarations([
      declaration('a1', { match: { names: [sni('a')], tls: 'terminate' } }),
      declaration('a2', { created: 2, match: { names: [sni('a')] } }),
      declaration('a3', { created: 3, match: { names: [sni('a')] } }),
    ]);
    expect(services[0]?.routes[0]?.selectors).toMatchObject([{ tls: 'passthrough' }]);
    expect(problems).toMatchObject([{ code: 'labels-differ', containerId: 'a1' }]);
  });

  it('stays the same name, though the replica that differs writes it as a host', () => {
    const { services } = mergeDeclarations([
      declaration('a1', { match: { names: [sni('a')] } }),
      declaration('a2', { created: 2, match: { names: [host('a')], tls: 'terminate' } }),
    ]);
    expect(services[0]?.routes[0]?.selectors).toEqual([{ ...sni('a'), tls: 'passthrough' }]);
  });
});

describe('an HTTP name behind TLS that Sealane terminates', () => {
  it('leaves the same name for plain HTTP to another service', () => {
    const { problems } = mergeDeclarations([
      named('a', [host('x')], { match: { tls: 'terminate' } }),
      named('b', [host('x')], { created: 2 }),
    ]);
    expect(problems).toEqual([]);
  });

  it('is the same as the server name for the same service', () => {
    const catalog = catalogOf([named('a', [sni('x'), host('x')], { match: { tls: 'terminate' } })]);
    expect(catalog.problems).toEqual([]);
    expect(routing(catalog)).toEqual(['host x → a']);
  });
});

describe('a name that two services want', () => {
  it('is left to the older service, and the newer service keeps its other names', () => {
    const catalog = catalogOf([
      named('young', [host('x.localhost'), host('y.localhost')], { created: 2 }),
      named('old', [host('x.localhost')]),
    ]);
    expect(routing(catalog)).toEqual(['host x.localhost → old', 'host y.localhost → young']);
    expect(catalog.problems).toMatchObject([
      {
        code: 'name-conflict',
        subject: 'young',
        containerId: 'young-1',
        message: 'young-1 wants 127.0.0.1:80 (host x.localhost) for young, but old-1 has it for old',
      },
    ]);
  });

  it('is one problem, on however many addresses they want it', () => {
    const at = (service: string, created: number, port: number, over: Partial<Declaration['match']> = {}) =>
      named(service, [host('x'), host(`${service}.localhost`)], { created, port, match: over });
    const both = (service: string, created: number) => [
      at(service, created, 80),
      at(service, created, 443, { tls: 'terminate' }),
    ];
    const { problems } = mergeDeclarations([...both('old', 1), ...both('young', 2), ...both('third', 3)]);
    expect(problems.map(({ message }) => message).toSorted()).toEqual([
      'third-1 wants 127.0.0.1:80, 127.0.0.1:443 (host x) for third, but old-1 has it for old',
      'young-1 wants 127.0.0.1:80, 127.0.0.1:443 (host x) for young, but old-1 has it for old',
    ]);
    const proxied = [80, 443].map((port) => at('proxied', 4, port, { acceptProxy: ['10.0.0.0/8'] }));
    expect(mergeDeclarations([...both('old', 1), ...proxied]).problems).toMatchObject([{ code: 'listen-conflict' }]);
  });

  it('is also a conflict of a TLS name with an HTTP host behind TLS that Sealane terminates', () => {
    const { problems } = mergeDeclarations([
      named('a', [host('x')], { match: { tls: 'terminate' } }),
      named('b', [sni('x')], { created: 2 }),
    ]);
    expect(problems).toMatchObject([{ code: 'name-conflict', subject: 'b' }]);
  });

  it('is a conflict of addresses when neither has a name', () => {
    const { problems } = mergeDeclarations([named('a', []), named('b', [], { created: 2 })]);
    expect(problems).toMatchObject([{ code: 'listen-conflict', subject: 'b' }]);
    expect(problems[0]?.fix).toContain('a name of its own');
  });

  it('cannot be served on an address that overlaps with that of another service', () => {
    const catalog = catalogOf([named('a', [host('a')], { host: '0.0.0.0' }), named('b', [host('b')], { created: 2 })]);
    expect(routing(catalog)).toEqual(['host a → a']);
    expect(catalog.problems[0]?.message).toBe('b-1 wants 127.0.0.1:80 for b, but a-1 has 0.0.0.0:80 for a');
  });

  it('is free again when the older service goes', () => {
    const young = named('young', [host('x')], { created: 2 });
    const before = catalogOf([young, named('old', [host('x')])]);
    expect(routing(catalogOf([young], before, 1))).toEqual(['host x → young']);
  });

  it('is missing from the same object each time, so that the relay is not sent that service again', () => {
    const merge = createMerger();
    const all = [named('a', [host('x')]), named('b', [host('x'), host('y')], { created: 2 })];
    const [, first] = merge(all).services;
    const [, again] = merge([...all, named('c', [host('z')], { created: 3 })]).services;
    expect(again).toBe(first);
  });
});

describe('a listener', () => {
  it('has clients with PROXY headers or without them: a route that differs is not served there', () => {
    const catalog = catalogOf([
      named('a', [host('a')], { match: { acceptProxy: ['10.0.0.0/8'] } }),
      named('b', [host('b')], { created: 2 }),
      named('c', [host('c')], { created: 3, match: { acceptProxy: ['10.0.0.0/8'] } }),
    ]);
    expect(routing(catalog)).toEqual(['host a → a', 'host c → c']);
    expect(listenersOf(catalog)[0]?.acceptProxy).toEqual(['10.0.0.0/8']);
    expect(catalog.problems[0]?.message).toBe(
      'b-1 wants 127.0.0.1:80 without PROXY headers for b, but a-1 has it with PROXY headers from 10.0.0.0/8 for a',
    );
  });
});

describe('a service whose last container went', () => {
  const away = named('away', [host('x'), host('y')]);

  it('keeps its names for as long as its clients are held', () => {
    const other = named('other', [host('z')], { created: 5 });
    const catalog = catalogOf([other], catalogOf([away]), 1);
    expect(routing(catalog)).toEqual(['host x → away', 'host y → away', 'host z → other']);
    expect(routing(catalogOf([other], catalog, 10_001))).toEqual(['host z → other']);
  });

  it('gives up only the names that another service wants now', () => {
    const catalog = catalogOf([named('other', [host('x')], { created: 5 })], catalogOf([away]), 1);
    expect(routing(catalog)).toEqual(['host x → other', 'host y → away']);
  });

  it('gives up all names to a service that wants the address with other PROXY headers', () => {
    const over = { created: 5, match: { acceptProxy: ['::/0'] } };
    expect(routing(catalogOf([named('other', [host('z')], over)], catalogOf([away]), 1))).toEqual(['host z → other']);
    const wide = { created: 5, host: '0.0.0.0' };
    expect(routing(catalogOf([named('other', [host('z')], wide)], catalogOf([away]), 1))).toEqual(['host z → other']);
  });

  it('gets them back when it returns', () => {
    const between = catalogOf([], catalogOf([away]), 1);
    expect(routing(catalogOf([away], between, 2))).toEqual(['host x → away', 'host y → away']);
  });
});

describe('a service of a compose project, whose name another project waits for', () => {
  const owner = (created: number, over: DeclarationOver = {}) =>
    named('shop/web', [host('x')], { created, project: 'shop', ...over });
  const squatter = named('evil/web', [host('x')], { created: 5, project: 'evil' });

  it('keeps it when its only container is recreated, and while it is gone', () => {
    const before = catalogOf([owner(1), squatter]);
    const between = catalogOf([squatter], before, 1);
    expect(routing(between)).toEqual(['host x → shop/web']);
    expect(between.problems).toMatchObject([{ code: 'name-conflict', subject: 'evil/web' }]);
    expect(between.problems[0]?.message).toContain('is kept for shop/web until its hold is over');
    const after = catalogOf([owner(9), squatter], between, 2);
    expect(routing(after)).toEqual(['host x → shop/web']);
    expect(routing(catalogOf([owner(9), squatter], after, 60_000))).toEqual(['host x → shop/web']);
  });

  it('keeps it when its replicas are replaced one after the other', () => {
    const second = declaration('shop-web-2', {
      service: 'shop/web',
      created: 9,
      project: 'shop',
      match: { names: [host('x')] },
    });
    const both = catalogOf([owner(1), second, squatter]);
    expect(routing(catalogOf([second, squatter], both, 1))).toEqual(['host x → shop/web']);
  });

  it('keeps it from a service that comes while it is gone, and gives it to another one of its project', () => {
    const before = catalogOf([owner(1)]);
    expect(routing(catalogOf([squatter], before, 1))).toEqual(['host x → shop/web']);
    const successor = named('shop/next', [host('x')], { created: 9, project: 'shop' });
    expect(routing(catalogOf([squatter, successor], before, 1))).toEqual(['host x → shop/next']);
  });

  it('loses it once its hold is over', () => {
    const between = catalogOf([squatter], catalogOf([owner(1), squatter]), 1);
    expect(between.nextDeadlineMs).toBe(10_001);
    const gone = catalogOf([squatter], between, 10_001);
    expect(routing(gone)).toEqual(['host x → evil/web']);
    expect(routing(catalogOf([owner(20), squatter], gone, 10_002))).toEqual(['host x → evil/web']);
  });

  it('keeps a whole address in the same way', () => {
    const before = catalogOf([owner(1, { match: { names: [] } })]);
    const all = named('evil/web', [], { created: 5, project: 'evil', host: '0.0.0.0' });
    expect(routing(catalogOf([all], before, 1))).toEqual(['→ shop/web']);
  });
});

describe('the log', () => {
  it('says which names open and close', () => {
    const listeners = new Map([['127.0.0.1:80', { kind: 'listening', host: '127.0.0.1', port: 80 } as const]]);
    const at = (declarations: readonly Declaration[], before: Catalog, nowMs: number): Catalog =>
      nextCatalog(before, { ...world(declarations), listeners }, nowMs);
    const lines = (before: Catalog, after: Catalog): string[] =>
      diffCatalogs(before, after).flatMap(({ event, message }) => (event.startsWith('route-') ? message : []));
    const one = at([named('api', [host('a'), host('b')])], emptyCatalog, 0);
    expect(lines(emptyCatalog, one)).toEqual(['api is served on 127.0.0.1:80 for host a, host b']);
    const two = at([named('api', [host('b'), sni('c')])], one, 1);
    expect(lines(one, two)).toEqual([
      'api is served on 127.0.0.1:80 for sni c',
      'api is no longer served on 127.0.0.1:80 for host a',
    ]);
    expect(lines(two, at([named('api', [])], two, 2))).toEqual([
      'api is served on 127.0.0.1:80',
      'api is no longer served on 127.0.0.1:80 for host b, sni c',
    ]);
  });
});

describe('any set of declarations', () => {
  const name = fc.record({
    kind: fc.constantFrom('host' as const, 'sni' as const),
    pattern: fc.constantFrom('a', '*.a', 'b'),
  });
  const one = fc.record({
    service: fc.constantFrom('s', 't', 'u'),
    host: fc.constantFrom('0.0.0.0', '127.0.0.1', '::', '::1'),
    port: fc.constantFrom(80, 81),
    created: fc.integer({ min: 1, max: 3 }),
    match: fc.record({
      names: fc.uniqueArray(name, { maxLength: 3, selector: ({ kind, pattern }) => `${kind} ${pattern}` }),
      tls: fc.constantFrom('passthrough' as const, 'terminate' as const),
      acceptProxy: fc.constantFrom([], [], ['::/0']),
    }),
  });
  const many = fc.array(one, { maxLength: 8 }).map((all) => all.map((over, index) => declaration(`c${index}`, over)));

  it('has the same result in any order', () => {
    const shuffled = many.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(mergeDeclarations(other)).toEqual(mergeDeclarations(all));
      }),
    );
  });

  it('is served, or is the subject of a problem that names the holder', () => {
    fc.assert(
      fc.property(many, (all) => {
        const merged = mergeDeclarations(all);
        for (const wanted of all) for (const key of keysOf(wanted)) expect(isServed(wanted, key, merged)).toBe(true);
      }),
    );
  });

  it('gives every name on every address to one service at most, and binds no two addresses that overlap', () => {
    fc.assert(
      fc.property(many, (all) => {
        const { services } = mergeDeclarations(all);
        const routes = services.flatMap((service) => service.routes);
        const owners = new Map<string, string>();
        for (const service of services) {
          for (const { listen, selectors } of service.routes) {
            for (const key of selectors.map(selectorKey)) {
              expect(owners.get(`${listen} ${key}`) ?? service.name).toBe(service.name);
              owners.set(`${listen} ${key}`, service.name);
            }
          }
        }
        for (const a of routes) {
          for (const b of routes) expect(a.listen === b.listen || !overlap(a, b)).toBe(true);
        }
      }),
    );
  });

  it('is routed as if it were new once earlier upstreams have drained and lingering services are gone', () => {
    fc.assert(
      fc.property(fc.array(many, { minLength: 1, maxLength: 4 }), (moments) => {
        let catalog = emptyCatalog;
        moments.forEach((all, index) => (catalog = nextCatalog(catalog, world(all), index * 100)));
        const last = world(moments.at(-1) ?? []);
        const settled = nextCatalog(catalog, last, 1_000_000);
        expect(listenersOf(settled)).toEqual(listenersOf(nextCatalog(emptyCatalog, last, 1_000_000)));
      }),
    );
  });
});

describe('the index of names', () => {
  const index: Declaration = { ...declaration('index', { service: indexService }), declaredBy: { kind: 'index' } };

  it('gets the clients that no name matches, and leaves them to any service that asks for all clients', () => {
    const web = named('web', [host('web.localhost')]);
    expect(routing(catalogOf([index, web]))).toEqual(['host web.localhost → web', `→ ${indexService}`]);
    const all = catalogOf([index, web, named('all', [], { created: 2 })]);
    expect(routing(all)).toEqual(['host web.localhost → web', '→ all']);
    expect(all.problems).toEqual([]);
  });
});

function keysOf({ match }: Declaration): readonly string[] {
  return selectorsOf(match).map((selector) => selectorKey(selector));
}

function isServed(wanted: Declaration, key: string, { services, problems }: Merged): boolean {
  const { service, listen } = wanted;
  const address = { ...listen, listen: `${listen.host}:${listen.port}` };
  const own = services.find((one) => one.name === service)?.routes ?? [];
  return (
    own.some((route) => covers(route, address) && route.selectors.map(selectorKey).includes(key)) ||
    problems.some(({ subject, code }) => subject === service && code.endsWith('-conflict'))
  );
}
