import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UpstreamSpec } from '../../../../src/relay/boundary/table.ts';
import type { FakeChannel } from '../../../support/sockets/fake-channel.ts';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });
const dialing = (clients: readonly FakeChannel[]): readonly number[] =>
  [...clients.keys()].filter((index) => clients[index]?.phase === 'dialing');

describe('the release of held clients', () => {
  test('starts with one client, and each answer lets in two more, in order of arrival', () => {
    const { admit, apply, held } = createPool([]);
    const clients = Array.from({ length: 12 }, () => admit());
    apply([a]);
    const waves: (readonly number[])[] = [];
    for (let wave = dialing(clients); wave.length > 0; wave = dialing(clients)) {
      waves.push(wave);
      for (const index of wave) clients[index]?.answer();
    }
    expect(waves).toEqual([[0], [1, 2], [3, 4, 5, 6], [7, 8, 9, 10, 11]]);
    expect(held()).toBe(0);
  });

  test('counts dialing clients as held until they are answered', () => {
    const { admit, apply, held } = createPool([]);
    const clients = [admit(), admit(), admit()];
    apply([a]);
    expect(held()).toBe(3);
    clients[0]?.answer();
    expect(held()).toBe(2);
    clients[1]?.leave();
    expect(held()).toBe(1);
  });

  test('lets in one more client at once for each upstream that becomes ready', () => {
    const { admit, apply } = createPool([]);
    const clients = Array.from({ length: 5 }, () => admit());
    apply([a, b]);
    expect(clients.flatMap(({ dials }) => dials)).toEqual([1, 2]);
    apply([a, b, upstream('c', { port: 3 })]);
    expect(clients.map(({ dials }) => dials)).toEqual([[1], [2], [3], [], []]);
  });

  test('spreads the clients over all ready upstreams', () => {
    const { admit, apply } = createPool([]);
    const clients = Array.from({ length: 40 }, () => admit());
    apply([a, b]);
    while (dialing(clients).length > 0) for (const index of dialing(clients)) clients[index]?.answer();
    expect(clients.filter(({ dials }) => dials[0] === 1)).toHaveLength(20);
  });

  test('lets in another client every 250 ms while a dial has no answer', () => {
    const { admit, apply, clock } = createPool([], { connectTimeoutMs: 60_000 });
    const clients = Array.from({ length: 10 }, () => admit());
    apply([a]);
    expect(dialing(clients)).toEqual([0]);
    clock.advance(1_000);
    expect(dialing(clients).length).toBeGreaterThan(3);
    expect(dialing(clients).length).toBeLessThanOrEqual(7);
  });

  test('sends a client that dials a silent upstream to a new one, before clients that came later', () => {
    const { admit, apply, clock, suspects } = createPool([], { connectTimeoutMs: 60_000 });
    const [first, second] = [admit(), admit()];
    apply([a]);
    clock.advance(24);
    expect(second.dials).toEqual([]);
    apply([{ ...a, availability: 'unavailable' }]);
    clock.advance(100);
    apply([{ ...a, availability: 'unavailable' }, b]);
    expect([first.dials, second.dials]).toEqual([[1, 2], []]);
    expect(suspects).toEqual(['a: ETIMEDOUT 127.0.0.1:1']);
  });

  test('withdraws a dial that has only just begun without suspecting its upstream', () => {
    const { admit, apply, suspects, clock } = createPool([]);
    const client = admit();
    apply([a]);
    clock.advance(5);
    apply([a, b]);
    expect(client.dials).toEqual([1, 2]);
    expect(suspects).toEqual([]);
  });
});

/** An event that can happen to a pool with two upstreams, which may be limited. */
type Step =
  | { readonly do: 'admit' }
  | { readonly do: 'answer' | 'refuse' | 'leave' | 'end'; readonly nth: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'apply'; readonly specs: readonly UpstreamSpec[] };

const spec = (key: string, port: number): fc.Arbitrary<UpstreamSpec> =>
  fc.record({
    key: fc.constant(key),
    name: fc.constant(key),
    endpoints: fc.constant([{ host: '127.0.0.1', port }]),
    weight: fc.constantFrom(0, 1, 1, 5),
    backup: fc.boolean(),
    maxConnections: fc.constantFrom(undefined, undefined, 1, 3),
    slowStartMs: fc.constantFrom(0, 1_000),
    availability: fc.constantFrom('ready' as const, 'ready' as const, 'suspect' as const, 'unavailable' as const),
  });
const nth = fc.nat(40);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ do: 'admit' as const }),
  fc.constant({ do: 'admit' as const }),
  fc.record({ do: fc.constantFrom('answer' as const, 'refuse' as const, 'leave' as const, 'end' as const), nth }),
  fc.record({ do: fc.constantFrom('answer' as const, 'refuse' as const), nth }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 60, 250, 2_000) }),
  fc.record({
    do: fc.constant('apply' as const),
    specs: fc.oneof(fc.tuple(spec('a', 1), spec('b', 2)), fc.tuple(spec('b', 2)), fc.constant([])),
  }),
);

test('no session is forgotten: the probe timer runs while one waits, and all are answered in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { pool, admit, apply, clock, held, counters, records } = createPool([], {
        holdMs: 1e9,
        connectTimeoutMs: 500,
      });
      const clients: FakeChannel[] = [];
      let specs: readonly UpstreamSpec[] = [];
      for (const one of steps) {
        if (one.do === 'admit') clients.push(admit());
        else if (one.do === 'advance') clock.advance(one.ms);
        else if (one.do === 'apply') apply((specs = one.specs));
        else act(clients[one.nth % Math.max(1, clients.length)], one.do, one.nth >> 1);
        const waiting = clients.filter(({ phase }) => phase === 'idle').length;
        const canDial = specs.some(({ availability, weight }) => availability !== 'unavailable' && weight > 0);
        if (waiting > 0 && canDial) expect(clock.nextDelayMs()).toBeLessThanOrEqual(250);
        expect(held()).toBeGreaterThanOrEqual(waiting);
        expect(held()).toBeLessThanOrEqual(waiting + dialing(clients).length);
        expect(counters.activeOf(1) + counters.activeOf(2)).toBe(occupying(clients, 1) + occupying(clients, 2));
      }
      apply([upstream('z', { port: 9 })]);
      for (let round = 0; clients.some(({ phase }) => phase === 'idle' || phase === 'dialing'); round++) {
        expect(round).toBeLessThan(60);
        for (const client of clients) act(client, 'answer');
        clock.advance(250);
      }
      expect(held()).toBe(0);
      for (const client of clients) act(client, 'end');
      pool.closeAll('shutdown');
      expect(records).toHaveLength(clients.length);
      expect([1, 2, 3].map((slot) => counters.activeOf(slot))).toEqual([0, 0, 0]);
      expect(clock.nextDelayMs()).toBeUndefined();
    }),
    { numRuns: 400 },
  );
});

/** The dials to this port that are under way or were answered. */
function occupying(clients: readonly FakeChannel[], port: number): number {
  return clients.flatMap(({ lanes }) => lanes).filter((dialed) => dialed === port).length;
}

/**
 * Applies the event to the client if it can happen in the client's phase. The second of two dials is the one meant
 * every other time.
 */
function act(client: FakeChannel | undefined, what: 'answer' | 'refuse' | 'leave' | 'end', which = 0): void {
  if (!client) return;
  const isSecond = which % 2 === 1 && client.lanes.every((port) => port !== undefined);
  if (client.phase === 'dialing' && what === 'answer') client.answer(isSecond ? 1 : undefined);
  else if (client.phase === 'dialing' && what === 'refuse') client.refuse(undefined, isSecond ? 1 : undefined);
  else if (client.phase === 'relaying' && what === 'end') client.end();
  else if ((client.phase === 'idle' || client.phase === 'dialing') && what === 'leave') client.leave();
}

test('the limit of an upstream is never exceeded, whatever its clients do', () => {
  const limited = [
    { ...a, maxConnections: 2 },
    { ...b, maxConnections: 3 },
  ];
  const event = fc.oneof(
    fc.constant({ do: 'admit' as const }),
    fc.record({ do: fc.constantFrom('answer' as const, 'refuse' as const, 'leave' as const, 'end' as const), nth }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 60, 250) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 150 }), (events) => {
      const { admit, clock, counters } = createPool(limited, { holdMs: 1e9 });
      const clients: FakeChannel[] = [];
      for (const one of events) {
        if (one.do === 'admit') clients.push(admit());
        else if (one.do === 'advance') clock.advance(one.ms);
        else act(clients[one.nth % Math.max(1, clients.length)], one.do, one.nth >> 1);
        for (const [port, most] of [
          [1, 2],
          [2, 3],
        ] as const) {
          const on = occupying(clients, port);
          expect(on).toBeLessThanOrEqual(most);
          expect(counters.activeOf(port)).toBe(on);
        }
      }
    }),
  );
});
