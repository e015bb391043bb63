import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBalancer } from '../../../../src/relay/upstreams/balancer.ts';
import type { Balancer } from '../../../../src/relay/upstreams/policy.ts';
import { balancePolicies, type BalancePolicy } from '../../../../src/relay/boundary/table.ts';

interface Stub {
  readonly key: string;
  readonly weight: number;
  active: number;
}

const anyPolicy = { minLength: 1, maxLength: 12 };
const weights = fc.array(fc.integer({ min: 1, max: 256 }), anyPolicy);
/** Weights such as upstreams have during a slow start. */
const fractions = fc.array(fc.double({ min: 0.1, max: 256, noNaN: true }), anyPolicy);
const seeds = fc.integer();
const stubs = (from: readonly number[]): Stub[] =>
  from.map((weight, index) => ({ key: `u${index}`, weight, active: 0 }));
const activeOf = (stub: Stub): number => stub.active;
const address = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** The Mulberry32 generator: the same seed gives the same numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sends one session each of `sessions` clients through the balancer. `stay`: the sessions never end. */
function spread(balancer: Balancer, upstreams: readonly Stub[], sessions: number, stay: boolean): Map<Stub, number> {
  const chosenCounts = new Map(upstreams.map((upstream) => [upstream, 0]));
  for (let session = 0; session < sessions; session++) {
    const [chosen] = balancer.order(upstreams, activeOf, address(session));
    if (!chosen) throw new Error('no upstream was chosen');
    chosenCounts.set(chosen, (chosenCounts.get(chosen) ?? 0) + 1);
    if (stay) chosen.active += 1;
  }
  return chosenCounts;
}

/** The upstream that each of `clients` is sent to by its address. */
function homes(balancer: Balancer, upstreams: readonly Stub[], clients: number): readonly (Stub | undefined)[] {
  return Array.from({ length: clients }, (_, index) => balancer.order(upstreams, activeOf, address(index))[0]);
}

describe.each(balancePolicies)('%s', (policy) => {
  test('orders exactly the given upstreams, whatever their load, and does not change the given list', () => {
    const load = fc.array(fc.nat(100), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(weights, fractions), load, seeds, (from, loads, seed) => {
        const upstreams = stubs(from);
        for (const [index, upstream] of upstreams.entries()) upstream.active = loads[index] ?? 0;
        const given = Object.freeze([...upstreams]);
        const balancer = createBalancer(policy, randomFrom(seed));
        for (let turn = 0; turn < 5; turn++) {
          const ordered = balancer.order(given, activeOf, address(seed));
          expect(new Set(ordered)).toEqual(new Set(upstreams));
          expect(ordered).toHaveLength(upstreams.length);
        }
        expect(given).toEqual(upstreams);
      }),
    );
  });

  test('returns an empty order for no upstreams, and a single upstream as it is', () => {
    const balancer = createBalancer(policy, Math.random);
    const [only] = stubs([3]);
    expect(balancer.order([], activeOf, '10.0.0.1')).toEqual([]);
    expect(balancer.order([only as Stub], activeOf, '10.0.0.1')).toEqual([only]);
  });

  test('copes with upstreams that are added, removed and added again', () => {
    fc.assert(
      fc.property(fc.array(fc.subarray([0, 1, 2, 3, 4]), { maxLength: 60 }), seeds, (rounds, seed) => {
        const all = stubs([1, 2, 3, 4, 5]);
        const balancer = createBalancer(policy, randomFrom(seed));
        for (const present of rounds) {
          const given = all.filter((_, index) => present.includes(index));
          const ordered = balancer.order(given, activeOf, '10.0.0.1');
          expect(new Set(ordered)).toEqual(new Set(given));
          if (ordered[0]) ordered[0].active += 1;
        }
      }),
    );
  });
});

/** How far an upstream may be from its exact share: five standard deviations for `random` and `source-hash`. */
function tolerance(policy: BalancePolicy, sessions: number, part: number, upstreams: number): number {
  const exact = policy === 'least-connections' || policy === 'round-robin';
  return exact ? upstreams : 5 * Math.sqrt(sessions * part * (1 - part)) + 1;
}

describe.each(['least-connections', 'round-robin', 'source-hash'] as const)('%s', (policy) => {
  test.each([true, false])('gives each upstream its share by weight (sessions stay: %s)', (stay) => {
    fc.assert(
      fc.property(fc.oneof(weights, fractions), fc.integer({ min: 1, max: 400 }), (from, sessions) => {
        const upstreams = stubs(from);
        for (const [upstream, count] of spread(createBalancer(policy, Math.random), upstreams, sessions, stay)) {
          const part = upstream.weight / sumOf(from);
          const most = tolerance(policy, sessions, part, upstreams.length);
          expect(Math.abs(count - sessions * part)).toBeLessThanOrEqual(most);
        }
      }),
      // The hash is a fixed function, so its input must be fixed, too.
      policy === 'source-hash' ? { seed: 1, numRuns: 50 } : {},
    );
  });
});

describe.each(['least-connections', 'round-robin', 'random', 'source-hash'] as const)('%s', (policy) => {
  test('starves no upstream: with enough clients each is chosen', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), seeds, (from, seed) => {
        const upstreams = stubs(from);
        // An exact policy chooses each within one round of the total weight; a random one fails once in 10^9.
        const isExact = policy === 'least-connections' || policy === 'round-robin';
        const total = sumOf(from);
        const sessions = isExact ? total + upstreams.length : 25 * total;
        const chosenCounts = spread(createBalancer(policy, randomFrom(seed)), upstreams, sessions, false);
        for (const count of chosenCounts.values()) expect(count).toBeGreaterThan(0);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('has each upstream as the second choice at times, for when the first does not answer', () => {
    const upstreams = stubs([1, 1, 1, 1]);
    const balancer = createBalancer(policy, randomFrom(7));
    const seconds = new Set(
      Array.from({ length: 200 }, (_, index) => balancer.order(upstreams, activeOf, address(index))[1]?.key),
    );
    expect(seconds.size).toBe(4);
  });
});

describe.each(['least-connections', 'round-robin'] as const)('%s', (policy) => {
  test('a new upstream gets its share from now on, without what it missed before', () => {
    const [first, second, third] = stubs([1, 1, 1]) as [Stub, Stub, Stub];
    const balancer = createBalancer(policy, Math.random);
    spread(balancer, [first, second], 1_000, false);
    expect(spread(balancer, [first, second, third], 300, false).get(third)).toBeLessThanOrEqual(101);
  });
});

describe('least-connections', () => {
  test('puts the upstream with the least load per weight first and the one with the most load last', () => {
    const [light, heavy, busy] = stubs([1, 4, 1]) as [Stub, Stub, Stub];
    light.active = 2;
    heavy.active = 4;
    busy.active = 3;
    expect(createBalancer('least-connections', Math.random).order([busy, light, heavy], activeOf, '10.0.0.1')).toEqual([
      heavy,
      light,
      busy,
    ]);
  });

  test('fills up an upstream with fewer sessions before any other gets more', () => {
    const upstreams = stubs([1, 1]);
    const [busy, idle] = upstreams as [Stub, Stub];
    busy.active = 50;
    spread(createBalancer('least-connections', Math.random), upstreams, 50, true);
    expect([busy.active, idle.active]).toEqual([50, 50]);
  });
});

describe('round-robin', () => {
  test('mixes turns of heavy and light upstreams smoothly', () => {
    const upstreams = stubs([5, 1, 1]);
    const balancer = createBalancer('round-robin', Math.random);
    const names = Array.from({ length: 7 }, () => balancer.order(upstreams, activeOf, '10.0.0.1')[0]?.key);
    expect(names).toEqual(['u0', 'u0', 'u1', 'u0', 'u2', 'u0', 'u0']);
  });
});

describe('random', () => {
  test('keeps the highest load near the mean by two choices, where one choice would not', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const upstreams = stubs(Array.from({ length: 100 }, () => 1));
      spread(createBalancer('random', randomFrom(seed)), upstreams, 10_000, true);
      // The mean is 100; two choices exceed it by log log n / log 2, one choice by 25 to 35 (Mitzenmacher 2001).
      expect(Math.max(...upstreams.map(activeOf))).toBeLessThanOrEqual(106);
    }
  });

  test('shares sessions that stay by weight', () => {
    const upstreams = stubs([1, 2, 3, 4]);
    spread(createBalancer('random', randomFrom(1)), upstreams, 10_000, true);
    for (const { active, weight } of upstreams) expect(Math.abs(active - 1_000 * weight)).toBeLessThan(50);
  });

  test('gives a heavier upstream more sessions, even if they all end at once', () => {
    const upstreams = stubs([1, 3]);
    const chosenCounts = spread(createBalancer('random', randomFrom(1)), upstreams, 4_000, false);
    const [light, heavy] = upstreams.map((upstream) => chosenCounts.get(upstream) ?? 0) as [number, number];
    expect(heavy / light).toBeGreaterThan(2.6);
    expect(heavy / light).toBeLessThan(3.4);
  });
});

describe('source-hash', () => {
  const clients = 4_000;
  const balancer = createBalancer('source-hash', Math.random);

  test('sends a client to the same upstream every time, even after a restart and in any order of the list', () => {
    const upstreams = stubs([1, 2, 3, 4, 5]);
    const before = homes(balancer, upstreams, clients);
    for (const upstream of upstreams) upstream.active = Math.round(Math.random() * 100);
    expect(homes(createBalancer('source-hash', Math.random), upstreams.toReversed(), clients)).toEqual(before);
  });

  test.each([1, 2, 5, 11])(
    'with one more upstream beside %i moves its share of the clients, all onto the new one',
    (count) => {
      const upstreams = stubs(Array.from({ length: count + 1 }, () => 1));
      const before = homes(balancer, upstreams.slice(0, count), clients);
      const after = homes(balancer, upstreams, clients);
      const moved = after.filter((home, index) => home !== before[index]);
      expect(new Set(moved)).toEqual(new Set([upstreams[count]]));
      const part = 1 / (count + 1);
      expect(Math.abs(moved.length - clients * part)).toBeLessThan(tolerance('source-hash', clients, part, count));
    },
  );

  test('when an upstream goes moves only its clients, each to its second choice, over all that are left', () => {
    const upstreams = stubs([1, 2, 3, 1, 2]);
    const [gone, ...left] = upstreams.toReversed();
    const second = Array.from(
      { length: clients },
      (_, index) => balancer.order(upstreams, activeOf, address(index))[1],
    );
    const before = homes(balancer, upstreams, clients);
    const after = homes(balancer, left, clients);
    for (const [index, home] of after.entries())
      expect(home).toBe(before[index] === gone ? second[index] : before[index]);
    expect(new Set(after.filter((_, index) => before[index] === gone))).toEqual(new Set(left));
  });

  test('with more weight for one upstream moves clients only onto that one', () => {
    const upstreams = stubs([1, 1, 1, 1]);
    const heavier = upstreams.map((upstream, index) => (index === 2 ? { ...upstream, weight: 3 } : upstream));
    const before = homes(balancer, upstreams, clients);
    const after = homes(balancer, heavier, clients);
    const moved = after.filter((home, index) => home?.key !== before[index]?.key);
    expect(new Set(moved)).toEqual(new Set([heavier[2]]));
    expect(Math.abs(moved.length - clients * (1 / 2 - 1 / 4))).toBeLessThan(
      tolerance('source-hash', clients, 1 / 4, 4),
    );
  });
});

describe('first', () => {
  test('keeps the order in which upstreams are listed', () => {
    fc.assert(
      fc.property(weights, seeds, (from, seed) => {
        const upstreams = stubs(from);
        for (const upstream of upstreams) upstream.active = Math.abs(seed % 100);
        expect(createBalancer('first', randomFrom(seed)).order(upstreams, activeOf, address(seed))).toEqual(upstreams);
      }),
    );
  });
});
