import { describe, expect, test } from 'vitest';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { endpoints: [{ host: '127.0.0.1', port: 1, viaPortProxy: true }] });
const b = upstream('b', { port: 2 });
const slots = { a: 1, b: 2 };
const first = { balance: 'first' } as const;

describe('a port proxy that has answered', () => {
  test('is tried out: the session is dialing until it has passed, and the time of the dial is that of the connect', () => {
    const { admit, clock, pool, counters, records } = createPool([a], first);
    const client = admit();
    clock.advance(7);
    client.answer();
    clock.advance(100);
    expect(client.phase).toBe('settling');
    expect([...pool.sessions].map(({ kind }) => kind)).toEqual(['dialing']);
    client.pass();
    expect(client.phase).toBe('relaying');
    client.end();

    expect(records).toMatchObject([{ upstream: 'a', dialMs: 7 }]);
    expect(counters.activeOf(slots.a)).toBe(0);
  });

  test('gets no other dial beside it, however long it is silent, and no connect timeout', () => {
    const { admit, clock } = createPool([a, b], { ...first, connectTimeoutMs: 1_000 });
    const client = admit();
    client.answer();
    clock.advance(10_000);

    expect(client.dials).toEqual([1]);
  });

  test('ends the other dial of its client, whose upstream is free again', () => {
    const { admit, clock, counters, suspects } = createPool([a, b], first);
    const client = admit();
    clock.advance(150);
    expect(client.lanes).toEqual([1, 2]);
    client.answer(0);

    expect(counters.activeOf(slots.b)).toBe(0);
    expect(suspects).toEqual([]);
  });

  test('is left for the next upstream when it closes the connection, and is a suspect', () => {
    const { admit, suspects } = createPool([a, b], first);
    const client = admit();
    client.answer();
    client.lose('ECONNABORTED');

    expect(client.dials).toEqual([1, 2]);
    expect(suspects).toEqual(['a: ECONNABORTED 127.0.0.1:1']);
  });

  test('is sent the bytes of a client four times at most while it answers others, which do not wait behind that client', () => {
    const { admit, clock, records, held } = createPool([a], { ...first, holdMs: 60_000 });
    const refused = admit();
    for (let tries = 0; tries < 4; tries++) {
      refused.answer();
      refused.lose('ECONNRESET', false);
      if (tries === 3) break;
      expect(held()).toBe(1);
      const other = admit();
      clock.advance(250);
      expect(other.phase).toBe('dialing');
      other.answer();
      other.pass();
      expect(other.phase).toBe('relaying');
      clock.advance(0);
    }

    expect(records).toMatchObject([{ reason: 'upstream-reset', retries: 3 }]);
    expect(held()).toBe(0);
  });

  test('holds up no other client while it takes its time to answer one that was held', () => {
    const { admit, clock, held } = createPool([a], first);
    const slow = admit();
    slow.refuse();
    clock.advance(25);
    slow.answer();
    expect(held()).toBe(0);
    const other = admit();

    expect(other.phase).toBe('dialing');
  });

  test('is given the time of the trial though the hold ends meanwhile, and no more', () => {
    const { admit, clock, records } = createPool([a], { ...first, holdMs: 1_000 });
    const [answered, lost] = [admit(), admit()];
    for (const client of [answered, lost]) client.refuse();
    clock.advance(250);
    for (const client of [answered, lost]) if (client.phase === 'dialing') client.answer();
    clock.advance(250);
    for (const client of [answered, lost]) if (client.phase === 'dialing') client.answer();
    clock.advance(500);
    expect([answered.phase, lost.phase]).toEqual(['settling', 'settling']);
    answered.pass();
    lost.lose('ECONNRESET', false);

    expect(answered.phase).toBe('relaying');
    expect(records).toMatchObject([{ reason: 'hold-expired' }]);
  });

  test('may close it again and again until the hold is over, unless it has read the bytes', () => {
    const { admit, clock, records } = createPool([a], { ...first, holdMs: 5_000 });
    const waiting = admit();
    waiting.answer();
    for (let tries = 0; tries < 12; tries++) {
      waiting.lose('ECONNRESET', false);
      clock.advance(250);
      expect(waiting.phase).toBe('dialing');
      waiting.answer();
    }
    waiting.lose('ECONNRESET', false);
    clock.advance(5_000);
    expect(records).toMatchObject([{ reason: 'hold-expired' }]);

    const asking = admit();
    for (let tries = 0; tries < 4; tries++) {
      asking.answer();
      asking.lose('ECONNABORTED', true);
      clock.advance(250);
    }
    expect(records[1]).toMatchObject({ reason: 'upstream-reset', retries: 3 });
  });

  test('keeps its client when another upstream becomes ready: the process behind it may be busy with the request', () => {
    const { admit, apply, clock } = createPool([a], first);
    const client = admit();
    client.refuse();
    clock.advance(25);
    client.answer();
    clock.advance(200);
    apply([a, b]);

    expect(client.phase).toBe('settling');
    expect(client.dials).toEqual([1, 1]);
  });
});
