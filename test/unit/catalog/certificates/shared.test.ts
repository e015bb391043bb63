import { expect, test } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../../src/catalog/catalog.ts';
import { problemsByService } from '../../../../src/catalog/problems-of.ts';
import type { RouteValues } from '../../../../src/config/options/route-options.ts';
import { matchOf, poolOf } from '../../../../src/discovery/options.ts';
import { declaration, world } from '../../../support/declared.ts';

/** A service for each entry; one with several containers has the service's name before a slash. */
type Services = Readonly<Record<string, RouteValues & { readonly at?: string }>>;

function catalogOf(services: Services, certificates: readonly (readonly string[])[]): Catalog {
  const declarations = Object.entries(services).map(([name, { at = '127.0.0.1', ...values }], created) =>
    declaration(name, {
      service: name.split('/')[0] ?? '',
      host: at,
      port: 443,
      created,
      match: matchOf(values),
      pool: poolOf(values),
    }),
  );
  return nextCatalog(
    emptyCatalog,
    { ...world(declarations), certificates: certificates.map((names) => ({ names })) },
    0,
  );
}

/** The problems: the services that offer h2 by the fix, and all that each is about. */
function shared(services: Services, ...certificates: readonly (readonly string[])[]) {
  return catalogOf(services, certificates)
    .problems.filter(({ code }) => code === 'certificate-shared')
    .map((problem) => `${/tls\.alpn of (.*)\.$/.exec(problem.fix)?.[1]} of ${problem.services?.join(' ')}`);
}

const h2 = { tls: 'terminate', 'tls.alpn': ['h2', 'http/1.1'] } as const;
const h1 = { tls: 'terminate' } as const;
const [api, web] = [{ host: ['api.a.test'] }, { sni: ['web.a.test'] }];
const wildcard = ['*.a.test'];
const [apiOnly, webOnly] = [['api.a.test'], ['web.a.test']];
const both = [...apiOnly, ...webOnly];

test.each<readonly [title: string, Services, readonly (readonly string[])[], readonly string[]]>([
  [
    'both offer it under one wildcard',
    { api: { ...h2, ...api }, web: { ...h2, ...web } },
    [wildcard],
    ['api, web of api web'],
  ],
  [
    'both offer it under one certificate with both names',
    { api: { ...h2, ...api }, web: { ...h2, ...web } },
    [both],
    ['api, web of api web'],
  ],
  [
    'one offers it under a wildcard',
    { api: { ...h2, ...api }, web: { ...h1, ...web } },
    [wildcard],
    ['api of api web'],
  ],
  [
    'the other has a certificate of its own as well',
    { api: { ...h2, ...api }, web: { ...h2, ...web } },
    [wildcard, webOnly],
    ['api of api web'],
  ],
  [
    'one has a wildcard that stands for the other name',
    { all: { ...h2, host: ['*.a.test'] }, web: { ...h1, ...web } },
    [wildcard, webOnly],
    ['all of all web'],
  ],
  [
    'the catch-all gets the other names under the wildcard',
    { api: { ...h2, ...api }, rest: h1 },
    [wildcard],
    ['api of api rest'],
  ],
  [
    'the catch-all gets the other name of the certificate',
    { api: { ...h1, ...api }, rest: h2 },
    [both],
    ['rest of api rest'],
  ],
  ['the upstream of the other ends TLS itself', { api: { ...h2, ...api }, web }, [both], ['api of api web']],
  [
    'each of two certificates covers several',
    { api: { ...h2, ...api }, web: { ...h1, ...web, host: ['web.b.test'] }, old: { ...h2, host: ['old.b.test'] } },
    [wildcard, ['*.b.test']],
    ['api of api web', 'old of old web'],
  ],
])(
  'services of one address, of which browsers reach one with the requests for another by HTTP/2, have a problem where %s',
  (_title, services, certificates, problems) => {
    expect(shared(services, ...certificates)).toEqual(problems);
  },
);

test.each<readonly [title: string, Services, readonly (readonly string[])[]]>([
  ['each has a certificate of its own', { api: { ...h2, ...api }, web: { ...h2, ...web } }, [apiOnly, webOnly]],
  [
    'each has one beside the wildcard',
    { api: { ...h2, ...api }, web: { ...h2, ...web } },
    [wildcard, apiOnly, webOnly],
  ],
  ['none offers h2', { api: { ...h1, ...api }, web: { ...h1, ...web } }, [wildcard]],
  [
    'the upstreams end TLS, with protocols and certificates of their own',
    { api: { 'tls.alpn': h2['tls.alpn'], sni: apiOnly }, web },
    [wildcard],
  ],
  [
    'the wildcard covers only one of them',
    { api: { ...h2, ...api }, web: { ...h2, host: ['web.b.test'] } },
    [wildcard, ['web.b.test']],
  ],
  [
    'the other name is two labels beneath the wildcard',
    { api: { ...h2, ...api }, web: { ...h2, host: ['x.web.a.test'] } },
    [wildcard],
  ],
  ['one service has all of the names', { api: { ...h2, host: both } }, [wildcard]],
  ['one service has several containers', { 'api/1': { ...h2, ...api }, 'api/2': { ...h2, ...api } }, [wildcard]],
  ['they have different addresses', { api: { ...h2, ...api }, web: { ...h2, ...web, at: '127.0.0.2' } }, [wildcard]],
  ['the other is asked for by plain HTTP', { api: { ...h2, ...api }, web: { host: webOnly } }, [both]],
  ['the other gets clients of unknown protocols', { api: { ...h2, ...api }, mail: {} }, [wildcard]],
  ['there is no certificate', { api: { ...h2, ...api }, web: { ...h2, ...web } }, []],
])('services of one address have no problem with one certificate where %s', (_title, services, certificates) => {
  expect(shared(services, ...certificates)).toEqual([]);
});

test('a problem with one certificate belongs to all services that it names, says why, and how to end it', () => {
  const catalog = catalogOf({ api: { ...h2, ...api }, web: { ...h1, ...web }, old: { ...h1, host: ['b.test'] } }, [
    wildcard,
    ['b.test'],
  ]);
  expect(catalog.problems).toMatchObject([
    {
      code: 'certificate-shared',
      subject: 'api',
      listen: '127.0.0.1:443',
      message:
        'a certificate (*.a.test) covers names of api, web on 127.0.0.1:443, and api offers h2 with it: browsers send the requests for all of these names over one connection, and the service of its first name gets them',
      fix: 'Give each of these services a certificate of its own (sealane cert --name NAME), or take h2 out of tls.alpn of api.',
    },
  ]);
  expect([...problemsByService(catalog).keys()]).toEqual(['api', 'web']);
});

test('a problem of hundreds of services with one certificate names a few', () => {
  const names = Array.from({ length: 300 }, (_, index) => `s${index}.a.test`);
  const services = Object.fromEntries(names.map((name) => [name, { ...h2, host: [name] }]));
  const [problem, ...more] = catalogOf(services, [names]).problems;
  expect(more).toEqual([]);
  expect(problem?.services).toHaveLength(300);
  expect(problem?.message.length).toBeLessThan(400);
});
