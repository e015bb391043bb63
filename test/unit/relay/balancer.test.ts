import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBalancer } from '../../../src/relay/balancer/balancer.ts';
import type { Balancer } from '../../../src/relay/balancer/policy.ts';

interface Stub {
  readonly key: string;
  readonly weight: number;
  active: number;
}

const weights = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 });
const stubs = (from: readonly number[]): Stub[] =>
  from.map((weight, index) => ({ key: `u${index}`, weight, active: 0 }));
const activeOf = (stub: Stub): number => stub.active;

/** Runs sessions through the balancer; `stay`: they never end. */
function spread(balancer: Balancer, upstreams: readonly Stub[], sessions: number, stay: boolean): Map<Stub, number> {
  const taken = new Map(upstreams.map((upstream) => [upstream, 0]));
  for (let session = 0; session < sessions; session++) {
    const [chosen] = balancer.order(upstreams, activeOf, '10.0.0.1');
    if (!chosen) throw new Error('nobody chosen');
    taken.set(chosen, (taken.get(chosen) ?? 0) + 1);
    if (stay) chosen.active += 1;
  }
  return taken;
}

describe.each(['least-connections', 'round-robin'] as const)('%s', (policy) => {
  test('orders exactly the upstreams it is given', () => {
    fc.assert(
      fc.property(weights, fc.array(fc.nat(100), { minLength: 12, maxLength: 12 }), (from, actives) => {
        const upstreams = stubs(from);
        for (const [index, upstream] of upstreams.entries()) upstream.active = actives[index] ?? 0;
        const ordered = createBalancer(policy, Math.random).order(upstreams, activeOf, '10.0.0.1');
        expect(new Set(ordered)).toEqual(new Set(upstreams));
        expect(ordered).toHaveLength(upstreams.length);
      }),
    );
  });

  test('gives each its share by weight, to within one per upstream, when sessions stay', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 400 }), (from, sessions) => {
        const upstreams = stubs(from);
        const total = from.reduce((sum, weight) => sum + weight, 0);
        for (const [upstream, taken] of spread(createBalancer(policy, Math.random), upstreams, sessions, true)) {
          expect(Math.abs(taken - (sessions * upstream.weight) / total)).toBeLessThanOrEqual(upstreams.length);
        }
      }),
    );
  });

  test('gives each its share by weight when every session is over at once', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 400 }), (from, sessions) => {
        const upstreams = stubs(from);
        const total = from.reduce((sum, weight) => sum + weight, 0);
        for (const [upstream, taken] of spread(createBalancer(policy, Math.random), upstreams, sessions, false)) {
          expect(Math.abs(taken - (sessions * upstream.weight) / total)).toBeLessThanOrEqual(upstreams.length);
        }
      }),
    );
  });

  test('starves nobody: within one round of the total weight each is chosen', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (from) => {
        const upstreams = stubs(from);
        const total = from.reduce((sum, weight) => sum + weight, 0);
        const taken = spread(createBalancer(policy, Math.random), upstreams, total + upstreams.length, false);
        for (const count of taken.values()) expect(count).toBeGreaterThan(0);
      }),
    );
  });

  test('a newcomer gets its share from now on, not what it missed', () => {
    const [first, second, third] = stubs([1, 1, 1]) as [Stub, Stub, Stub];
    const balancer = createBalancer(policy, Math.random);
    spread(balancer, [first, second], 1_000, false);
    expect(spread(balancer, [first, second, third], 300, false).get(third)).toBeLessThanOrEqual(101);
  });
});

describe('least-connections', () => {
  test('puts the least loaded per weight first and the most loaded last', () => {
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
});

describe('round-robin', () => {
  test('mixes heavy and light ones smoothly', () => {
    const upstreams = stubs([5, 1, 1]);
    const balancer = createBalancer('round-robin', Math.random);
    const names = Array.from({ length: 7 }, () => balancer.order(upstreams, activeOf, '10.0.0.1')[0]?.key);
    expect(names).toEqual(['u0', 'u0', 'u1', 'u0', 'u2', 'u0', 'u0']);
  });
});
