import { describe, expect, it } from 'vitest';
import { mergeDeclarations } from '../../../../src/catalog/merge.ts';
import { namesListenSchema } from '../../../../src/config/names/addresses.ts';
import { templateSchema } from '../../../../src/config/names/template.ts';
import { createDiscoverer, type Discovery, type DiscoveryRules } from '../../../../src/discovery/discover.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../../support/facts.ts';

const rules: DiscoveryRules = {
  labelPrefix: 'sealane',
  scope: 'all',
  bind: '127.0.0.1',
  names: {
    template: templateSchema.parse('{service}.{project}.localhost'),
    listen: namesListenSchema.parse('80,443'),
  },
};
const compose = (service: string, project = 'shop') => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
});
type Facts = NonNullable<Parameters<typeof containerFacts>[0]>;

function discover(containers: readonly Facts[], more: Partial<DiscoveryRules> = {}, vantage = onHost): Discovery {
  return createDiscoverer({ ...rules, ...more })(snapshotOf(containers.map(containerFacts), vantage));
}

/** `shop/web 127.0.0.1:80 host web.shop.localhost passthrough -> 3000` for each declaration. */
function declared({ declarations }: Discovery): string[] {
  return declarations.map(({ service, listen, match, upstream }) =>
    [
      service,
      `${listen.host}:${listen.port}`,
      ...match.names.map(({ kind, pattern }) => `${kind} ${pattern}`),
      ...(match.tls === 'terminate' ? ['terminate'] : []),
      `-> ${upstream?.endpoints[0]?.port}`,
    ].join(' '),
  );
}

describe('with names', () => {
  it('a route without host and listen is served under its name, and with TLS on 443', () => {
    const found = discover([{ labels: { ...compose('web'), 'sealane.port': '3000' } }]);
    expect(found.problems).toEqual([]);
    expect(declared(found)).toEqual([
      'shop/web 127.0.0.1:80 host web.shop.localhost -> 3000',
      'shop/web 127.0.0.1:443 host web.shop.localhost terminate -> 3000',
    ]);
  });

  it.each([
    [
      'its own host',
      { 'sealane.port': '3000', 'sealane.host': 'a.test, b.test' },
      '80 host a.test host b.test -> 3000',
    ],
    [
      'an HTTP check on a database’s port',
      { 'sealane.port': '9200', 'sealane.health': 'http:/' },
      '80 host db.shop.localhost -> 9200',
    ],
    [
      'a pool of another project',
      { 'sealane.port': '80', 'sealane.pool': 'blog/api' },
      '80 host api.blog.localhost -> 80',
    ],
    ['a route with a name', { 'sealane.admin.port': '9000' }, '80 host db-admin.shop.localhost -> 9000'],
    ['a listen address', { 'sealane.port': '3000', 'sealane.listen': '8080' }, '8080 -> 3000'],
    [
      'a listen address and a host',
      { 'sealane.port': '3000', 'sealane.listen': '81', 'sealane.host': 'a.test' },
      '81 host a.test -> 3000',
    ],
    ['a database’s port', { 'sealane.port': '5432' }, '5432 -> 5432'],
    ['Postgres as its protocol', { 'sealane.port': '6000', 'sealane.protocol': 'postgres' }, '6000 -> 6000'],
    ['a TLS server name', { 'sealane.port': '3000', 'sealane.sni': 'a.test' }, '3000 sni a.test -> 3000'],
    ['TLS of its own', { 'sealane.port': '3000', 'sealane.tls': 'terminate' }, '3000 terminate -> 3000'],
  ])('a container with %s is served as its labels say', (_, labels, expected) => {
    const [first = ''] = declared(discover([{ labels: { ...compose('db'), ...labels } }]));
    expect(first.replace(/^\S+ 127\.0\.0\.1:/, '')).toBe(expected);
  });

  it('a labelled container of a database’s image is served on a port of its own, also on an unusual one', () => {
    const found = discover([{ image: 'registry.test/library/postgres:16', labels: { 'sealane.port': '6000' } }]);
    expect(declared(found)[0]).toContain(' 127.0.0.1:6000 -> 6000');
  });

  it('replicas share one name, and two services that get the same name are a conflict, which the older one wins', () => {
    const replica = { labels: { ...compose('web_1'), 'sealane.port': '80' } };
    const other = { labels: { ...compose('web-1'), 'sealane.port': '80' } };
    const { services, problems } = mergeDeclarations(discover([replica, other, replica]).declarations);
    const names = services.map(({ name, routes }) => `${name} ${routes.flatMap(({ selectors }) => selectors).length}`);
    expect(names).toEqual(['shop/web-1 0', 'shop/web_1 2']);
    expect(problems).toMatchObject([{ code: 'name-conflict', subject: 'shop/web-1' }]);
  });

  it('an unlabelled container is not served', () => {
    expect(discover([{ labels: compose('web') }])).toMatchObject({ declarations: [], exposed: [] });
  });

  it('a labelled container with several ports gets its likeliest web port, and it is said', () => {
    const found = discover([{ name: 'mail', labels: { 'sealane.enable': 'true' }, exposedPorts: [1025, 3001, 8025] }]);
    expect(declared(found)[0]).toBe('mail 127.0.0.1:80 host mail.localhost -> 8025');
    expect(found.exposed).toMatchObject([
      { container: 'mail', host: 'mail.localhost', because: 'the likeliest web port of its ports 1025, 3001, 8025' },
    ]);
  });
});

describe('with names for all containers', () => {
  const all = (facts: Facts, vantage = onHost): Discovery =>
    discover([{ name: 'c', labels: compose('web'), ...facts }], { expose: 'all' }, vantage);

  it.each([
    [[80], 80, 'its only exposed port'],
    [[3000, 5432], 3000, 'the only one of its ports 3000, 5432 that may speak HTTP'],
    [[443, 8080], 8080, 'the only one of its ports 443, 8080 that may speak HTTP'],
    [[3000, 8080, 9229], 8080, 'the likeliest web port of its ports 3000, 8080, 9229'],
    [[7777, 9229], 7777, 'the lowest of its ports 7777, 9229'],
  ])('one that exposes %j is served on its port %i', (exposedPorts, port, because) => {
    const found = all({ exposedPorts });
    expect(declared(found)[0]).toBe(`shop/web 127.0.0.1:80 host web.shop.localhost -> ${port}`);
    expect(found).toMatchObject({ problems: [], restarted: [], exposed: [{ port, because, isLabelled: false }] });
  });

  it.each<[string, Facts, string]>([
    ['exposes no port', { exposedPorts: [] }, 'it exposes no TCP port'],
    ['exposes a database’s port', { exposedPorts: [5432] }, 'its port 5432 (Postgres) is of other protocols than HTTP'],
    ['exposes a port with TLS', { exposedPorts: [443] }, 'it speaks TLS itself on 443'],
    [
      'is a database',
      { image: 'docker.io/bitnami/redis:7@sha256:00', exposedPorts: [80] },
      'its image is "redis", which serves no web pages',
    ],
    ['is a Sealane', { image: 'sealane:1' }, 'it runs Sealane'],
    [
      'is on the host’s network',
      { networking: { kind: 'host' } },
      "it is on the host's network, whose ports are other programs', too",
    ],
  ])('one that %s gets no name, and it is said why', (_, facts, because) => {
    expect(all(facts)).toMatchObject({
      declarations: [],
      problems: [],
      exposed: [{ container: 'c', host: undefined, because }],
    });
  });

  it('Sealane’s own container gets none, nor one that opts out, nor a one-off', () => {
    const vantage = inContainer(['net-bridge'], { selfId: 'me' });
    expect(all({ id: 'me' }, vantage).exposed).toMatchObject([{ because: 'it runs Sealane' }]);
    expect(all({ labels: { 'sealane.enable': 'false' } })).toMatchObject({
      declarations: [],
      problems: [],
      exposed: [],
    });
    const oneoff = { ...compose('web'), 'com.docker.compose.oneoff': 'True' };
    expect(all({ labels: oneoff })).toMatchObject({ declarations: [], exposed: [] });
  });

  it('that one can’t be reached is no problem where no label asks for it, and it is said', () => {
    const found = all({}, inContainer(['another']));
    expect(found).toMatchObject({ declarations: [], problems: [] });
    expect(found.exposed?.[0]).toMatchObject({ host: undefined, because: expect.stringContaining('network') });
  });
});
