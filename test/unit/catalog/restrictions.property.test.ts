import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersectRanges, uniteRanges } from '../../../src/address/range-sets.ts';
import { emptyCatalog, nextCatalog } from '../../../src/catalog/catalog.ts';
import { mergeDeclarations } from '../../../src/catalog/merge.ts';
import { createTableWriter } from '../../../src/catalog/routing.ts';
import { defaultPool, type PoolOptions, type PoolSpec } from '../../../src/relay/boundary/table.ts';
import { createAccessMemory } from '../../../src/relay/boundary/access-memory.ts';
import { AccessPolicy, openAccess } from '../../../src/relay/intake/access-policy.ts';
import { CidrSet } from '../../../src/relay/intake/cidr-set.ts';
import { declaration, world } from '../../support/declared.ts';

/**
 * The restrictions of a service whose replicas disagree: at no moment, rolling updates included, is it open to a client
 * that one of its replicas would reject.
 */
/** Addresses at the edges of few small networks, so that ranges nest, touch and miss each other. */
const v4 = fc.tuple(fc.constantFrom(0, 10, 11, 255), fc.constantFrom(0, 1, 127, 128, 255), fc.constantFrom(0, 255));
const v4Address = v4.map(([a, b, c]) => `${a}.${b}.${c}.${c}`);
const v6Address = fc
  .tuple(fc.constantFrom('fd00', '2001', '0', 'ffff'), fc.constantFrom('0', '8000', 'ffff'))
  .map(([a, b]) => `${a}:${b}:0:0:0:0:0:${b}`);
const client = fc.oneof(v4Address, v6Address);
const range = fc.oneof(
  fc.tuple(v4Address, fc.constantFrom(0, 7, 8, 9, 16, 24, 31, 32)),
  fc.tuple(v6Address, fc.constantFrom(0, 1, 15, 16, 17, 64, 127, 128)),
);
const ranges = fc.array(
  range.map(([address, bits]) => `${address}/${bits}`),
  { maxLength: 5 },
);
const some = { minLength: 1, maxLength: 5 };
const clients = fc.array(client, { minLength: 20, maxLength: 40 });

describe('sets of ranges', () => {
  it('intersect and unite to exactly the addresses that both, or either, have', () => {
    fc.assert(
      fc.property(ranges, ranges, clients, (one, other, addresses) => {
        const [a, b] = [new CidrSet(one), new CidrSet(other)];
        const [both, either] = [intersectRanges(one, other), uniteRanges(one, other)].map((set) => new CidrSet(set));
        for (const address of addresses) {
          expect(both?.has(address)).toBe(a.has(address) && b.has(address));
          expect(either?.has(address)).toBe(a.has(address) || b.has(address));
        }
        expect(intersectRanges(other, one)).toEqual(intersectRanges(one, other));
      }),
    );
  });

  it.each([
    [['10.0.0.0/8'], ['10.1.2.3/16', '192.168.0.0/16'], ['10.1.0.0/16']],
    [['10.0.0.0/8'], ['11.0.0.0/8'], []],
    [
      ['::/0', '0.0.0.0/0'],
      ['fd00::1/8', '127.0.0.1/32'],
      ['127.0.0.1/32', 'fd00::/8'],
    ],
    [['0.0.0.0/0'], ['::/0'], []],
    [['10.0.0.0/9', '10.128.0.0/9'], ['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.0/9']],
  ])('%j and %j have %j in common', (one, other, common) => {
    expect(intersectRanges(one, other)).toEqual(common);
  });
});

const limit = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
const restrictions: fc.Arbitrary<Partial<PoolOptions>> = fc.record({
  allow: fc.option(
    fc.array(
      range.map(([address, bits]) => `${address}/${bits}`),
      some,
    ),
    { nil: undefined },
  ),
  deny: ranges,
  maxSessions: limit,
  maxSessionsPerClient: limit,
  connectRatePerClient: limit.map((rate) => (rate === undefined ? undefined : { perSecond: rate, burst: rate })),
});

const counts = openAccess(createAccessMemory(1, Math.random), 0);
const policyOf = (pool: Partial<PoolOptions>): AccessPolicy =>
  new AccessPolicy({ ...defaultPool, ...pool, service: 'api' }, counts);
const least = (limits: readonly (number | undefined)[]): number =>
  Math.min(Infinity, ...limits.filter((one) => one !== undefined));

function expectStrictest(pool: PoolOptions, all: readonly Partial<PoolOptions>[], addresses: readonly string[]): void {
  const policies = all.map(policyOf);
  const combined = policyOf(pool);
  for (const address of addresses) {
    expect(combined.allows(address)).toBe(policies.every((one) => one.allows(address)));
  }
  expect(pool.maxSessions ?? Infinity).toBe(least(all.map((one) => one.maxSessions)));
  expect(pool.maxSessionsPerClient ?? Infinity).toBe(least(all.map((one) => one.maxSessionsPerClient)));
  expect(pool.connectRatePerClient?.perSecond ?? Infinity).toBe(
    least(all.map((one) => one.connectRatePerClient?.perSecond)),
  );
}

describe('a service whose replicas restrict their clients differently', () => {
  it('keeps the access list that a joining container does not have, with a problem that names the container', () => {
    const { services, problems } = mergeDeclarations([
      declaration('own', { pool: { allow: ['10.0.0.0/8'] } }),
      declaration('joined', { created: 2 }),
    ]);
    expect(services[0]?.pool.allow).toEqual(['10.0.0.0/8']);
    expect(problems).toMatchObject([{ code: 'labels-differ', subject: 'api', containerId: 'joined' }]);
    expect(problems[0]?.message).toBe(
      'its replicas disagree, and joined differs: for allow the restrictions of all apply together',
    );
  });

  it('admits no client at all where no address is in all access lists', () => {
    const { services } = mergeDeclarations([
      declaration('a', { pool: { allow: ['10.0.0.0/8'] } }),
      declaration('b', { created: 2, pool: { allow: ['11.0.0.0/8'] } }),
    ]);
    expect(services[0]?.pool.allow).toEqual([]);
    expect(policyOf(services[0]?.pool ?? {}).allows('10.0.0.1')).toBe(false);
  });

  it.each([
    [[], ['0.0.0.0/0', '::/0']],
    [['10.0.0.9/32'], []],
    [['10.0.0.9/32'], ['10.0.0.0/8']],
    [['0.0.0.0/0', '::/0'], ['10.0.0.9/32']],
  ])('lets no proxy that only some trust past their access lists (%j, then twice %j)', (before, after) => {
    const { services, problems } = mergeDeclarations([
      declaration('old', { match: { acceptProxy: before }, pool: { allow: ['10.0.0.0/8'] } }),
      declaration('new-1', { created: 2, match: { acceptProxy: after } }),
      declaration('new-2', { created: 3, match: { acceptProxy: after } }),
    ]);
    const [service] = services;
    const trusted = new CidrSet(service?.routes[0]?.acceptProxy ?? []);
    const policy = policyOf(service?.pool ?? {});
    const isTrustedBy = (proxies: readonly string[], peer: string): boolean => new CidrSet(proxies).has(peer);
    for (const peer of ['10.0.0.9', '10.1.1.1', '192.0.2.1']) {
      const isTrusted = trusted.has(peer);
      const isAgreed = isTrustedBy(before, peer) === isTrustedBy(after, peer);
      if (isAgreed) expect(isTrusted).toBe(isTrustedBy(before, peer));
      else expect(!isTrusted && policy.allows(peer)).toBe(false);
      if (!isAgreed) expect(isTrusted).toBe(false);
    }
    expect(problems).toMatchObject([
      { code: 'labels-differ', message: expect.stringContaining('for allow, accept-proxy the restrictions of all') },
    ]);
  });

  it('trusts the proxies that most replicas trust where it has no access list', () => {
    const { services } = mergeDeclarations([
      declaration('old', { match: { acceptProxy: ['10.0.0.9/32'] } }),
      declaration('new', { created: 2 }),
    ]);
    expect(services[0]?.routes[0]?.acceptProxy).toEqual(['10.0.0.9/32']);
    expect(services[0]?.pool.deny).toEqual([]);
  });

  it('is open, at each moment of any rolling update, to exactly the clients that each of its replicas admits', () => {
    const replica = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), options: restrictions });
    const moments = fc.array(fc.uniqueArray(replica, { minLength: 1, maxLength: 4, selector: ({ name }) => name }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(moments, clients, (updates, addresses) => {
        let catalog = emptyCatalog;
        updates.forEach((replicas, at) => {
          const declarations = replicas.map(({ name, options }, index) =>
            declaration(name, { created: index, run: BigInt(at), pool: options }),
          );
          catalog = nextCatalog(catalog, world(declarations), at);
          const [pool] = createTableWriter({ maxHeld: 1, explainNames: true })(catalog, 1).pools as [PoolSpec];
          expectStrictest(
            pool,
            replicas.map(({ options }) => options),
            addresses,
          );
        });
      }),
    );
  });
});
