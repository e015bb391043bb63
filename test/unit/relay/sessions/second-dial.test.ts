import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../../src/relay/boundary/table.ts';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });
const c = upstream('c', { port: 3 });
const slots = { a: 1, b: 2, c: 3 };
const first = { balance: 'first' } as const;

describe('a dial that is not answered for 150 ms', () => {
  test('gets another one beside it, to the next ready upstream, and is not given up', () => {
    const { admit, clock } = createPool([a, b], first);
    const client = admit();
    clock.advance(149);
    expect(client.lanes).toEqual([1, undefined]);
    clock.advance(1);
    expect(client.lanes).toEqual([1, 2]);
    clock.advance(1_000);
    expect(client.dials).toEqual([1, 2]);
  });

  test('gets one to the same upstream where no other is ready, at its next address if it has one', () => {
    const suspect = { ...b, availability: 'suspect' } as const;
    for (const others of [[], [suspect], [{ ...b, backup: true }]]) {
      const { admit, clock } = createPool([a, ...others], first);
      const client = admit();
      clock.advance(150);
      expect(client.lanes).toEqual([1, 1]);
    }
    const addresses = [1, 4].map((port) => ({ host: '127.0.0.1', port }));
    const { admit, clock } = createPool([{ ...a, endpoints: addresses }], first);
    const client = admit();
    clock.advance(150);
    expect(client.lanes).toEqual([1, 4]);
    client.refuse('ECONNREFUSED', 0);
    expect(client.dials).toEqual([1, 4]);
  });

  test('gets none where a limit leaves no place, and none that would last longer than the connect timeout', () => {
    const limited = createPool([{ ...a, maxConnections: 1 }]);
    const client = limited.admit();
    limited.clock.advance(1_000);
    expect(client.dials).toEqual([1]);

    const hasty = createPool([a, b], { ...first, connectTimeoutMs: 100 });
    const other = hasty.admit();
    hasty.clock.advance(100);
    expect(other.lanes).toEqual([2, undefined]);
  });

  test('leaves an upstream that drains for another one, and is not repeated to it', () => {
    const { admit, clock, apply } = createPool([a], first);
    const client = admit();
    apply([{ ...a, availability: 'unavailable' }]);
    clock.advance(150);
    expect(client.lanes).toEqual([1, undefined]);
    apply([{ ...a, availability: 'unavailable' }, b]);
    const late = admit();
    expect(late.dials).toEqual([2]);
  });
});

describe('of two dials', () => {
  test.each([0, 1] as const)('the first answer wins, and nothing is said of the other (lane %i)', (lane) => {
    const { admit, clock, counters, records, suspects } = createPool([a, b], first);
    const client = admit();
    clock.advance(150);
    expect([counters.activeOf(slots.a), counters.activeOf(slots.b)]).toEqual([1, 1]);
    clock.advance(2);
    client.answer(lane);
    expect(client.phase).toBe('relaying');
    expect([counters.activeOf(slots.a), counters.activeOf(slots.b)]).toEqual(lane === 0 ? [1, 0] : [0, 1]);
    client.end();
    expect(records).toMatchObject([
      { upstream: lane === 0 ? 'a' : 'b', dialMs: lane === 0 ? 152 : 2, retries: 0, lastDialError: undefined },
    ]);
    for (const slot of [slots.a, slots.b])
      expect(counters.totalsOf(slot)).toMatchObject({ active: 0, dials: 1, dialFailures: 0, retries: 0 });
    expect(suspects).toEqual([]);
    clock.advance(10_000);
    expect(suspects).toEqual([]);
  });

  test('one that fails is a retry, and the next ready upstream is dialed in its place', () => {
    const { admit, clock, counters, records, suspects } = createPool([a, b, c], first);
    const client = admit();
    clock.advance(150);
    client.refuse('ECONNREFUSED', 1);
    expect(client.lanes).toEqual([1, 3]);
    client.answer(1);
    client.end();
    expect(records).toMatchObject([{ upstream: 'c', retries: 1, lastDialError: 'ECONNREFUSED 127.0.0.1:2' }]);
    expect(counters.totalsOf(slots.b)).toMatchObject({ dialFailures: 1, retries: 1 });
    expect(suspects).toEqual(['b: ECONNREFUSED 127.0.0.1:2']);
  });

  test('neither is repeated without end while the other is silent', () => {
    const { admit, clock } = createPool([a], { connectTimeoutMs: 2_000 });
    const client = admit();
    clock.advance(150);
    client.refuse('ECONNREFUSED', 1);
    expect(client.lanes).toEqual([1, undefined]);
    clock.advance(1_849);
    expect(client.dials).toEqual([1, 1]);
  });

  test('both are given up when one address was silent for the connect timeout, and the client waits', () => {
    const { admit, clock, counters, held, suspects } = createPool([a], { connectTimeoutMs: 2_000 });
    const client = admit();
    clock.advance(1_999);
    expect(client.lanes).toEqual([1, 1]);
    clock.advance(1);
    expect(client).toMatchObject({ phase: 'idle', dials: [1, 1] });
    expect(held()).toBe(1);
    expect(suspects).toEqual(['a: ETIMEDOUT 127.0.0.1:1']);
    expect(counters.totalsOf(slots.a)).toMatchObject({ active: 0, dials: 2, dialFailures: 1 });
  });

  test('the one whose upstream leaves the table is withdrawn, and the other goes on', () => {
    const { admit, clock, apply, counters } = createPool([a, b], first);
    const client = admit();
    clock.advance(150);
    apply([b]);
    expect(client.lanes).toEqual([undefined, 2]);
    client.answer(1);
    expect(client.phase).toBe('relaying');
    expect(counters.activeOf(slots.b)).toBe(1);
  });

  test('an end of all sessions of one upstream ends only the dial to it', () => {
    const { pool, admit, clock, records } = createPool([a, b], first);
    const client = admit();
    clock.advance(150);
    pool.closeSessionsOf('a', 'operator');
    expect(client.lanes).toEqual([undefined, 2]);
    expect(records).toEqual([]);
    pool.closeSessionsOf('b', 'operator');
    expect(records.map(({ reason }) => reason)).toEqual(['operator']);
  });

  test('both end with the client, and a limited upstream has room at once', () => {
    const { admit, clock, counters, records } = createPool([a, { ...b, maxConnections: 1 }], first);
    const client = admit();
    clock.advance(150);
    client.leave();
    expect(records.map(({ reason }) => reason)).toEqual(['client-gave-up']);
    expect([counters.activeOf(slots.a), counters.activeOf(slots.b)]).toEqual([0, 0]);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  test('a second one for which this machine lacks a resource is left out, without a word', () => {
    const { admit, clock, warnings, records } = createPool([a, b], first);
    const client = admit();
    clock.advance(150);
    client.refuse('EMFILE', 1);
    expect(client.dials).toEqual([1, 2]);
    client.answer(0);
    client.end();
    expect(warnings).toEqual([]);
    expect(records).toMatchObject([{ upstream: 'a', retries: 0, lastDialError: undefined }]);
  });
});

describe('an upstream whose dials are overtaken', () => {
  test('is dialed last after the third in a row, and the control side is told', () => {
    const { admit, clock, suspects } = createPool([a, b], first);
    for (const told of [[], [], ['a: ETIMEDOUT 127.0.0.1:1']]) {
      const client = admit();
      clock.advance(150);
      client.answer(1);
      expect(suspects).toEqual(told);
    }
    expect(admit().dials).toEqual([2]);
  });

  test('is far away where it answers the control side, and gets more time', () => {
    const { admit, clock, apply } = createPool([a, b], first);
    for (let overtaken = 0; overtaken < 3; overtaken++) {
      const client = admit();
      clock.advance(150);
      client.answer(1);
    }
    apply([{ ...a, availability: 'suspect' }, b]);
    apply([a, b]);
    const client = admit();
    clock.advance(299);
    expect(client.dials).toEqual([1]);
    client.answer(0);
    // Twice the time of its quickest answer.
    const next = admit();
    clock.advance(597);
    expect(next.dials).toEqual([1]);
    clock.advance(1);
    expect(next.dials).toEqual([1, 2]);
    next.answer(1);
  });
});

describe('an address that a container lost while its others were dialed', () => {
  const [one, two, three] = [1, 4, 5].map((port) => ({ host: '127.0.0.1', port }));
  const container = { ...a, endpoints: [one, two, three] as Endpoint[], ownsAddresses: true };

  test('is not dialed after the present one, but the next that it still has is', () => {
    const { admit, apply } = createPool([container], first);
    const client = admit();
    apply([{ ...container, endpoints: [one, three] as Endpoint[] }]);
    client.refuse();
    expect(client.dials).toEqual([1, 5]);
  });

  test('is not dialed where no other is left', () => {
    const { admit, apply, held } = createPool([container], first);
    const client = admit();
    apply([{ ...container, endpoints: [one] as Endpoint[] }]);
    client.refuse();
    expect(client.dials).toEqual([1]);
    expect(held()).toBe(1);
  });

  test('is not dialed beside the present one', () => {
    const { admit, apply, clock } = createPool([container], first);
    const client = admit();
    apply([{ ...container, endpoints: [one, three] as Endpoint[] }]);
    clock.advance(150);
    expect(client.dials).toEqual([1, 5]);
  });

  test('is dialed where it is one of those that a name resolved to', () => {
    const name = { ...container, ownsAddresses: false };
    const { admit, apply } = createPool([name], first);
    const client = admit();
    apply([{ ...name, endpoints: [one] as Endpoint[] }]);
    client.refuse();
    expect(client.dials).toEqual([1, 4]);
  });
});
