import { describe, expect, test } from 'vitest';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });

describe('a pool with upstreams to dial', () => {
  test('tries each candidate once, then holds the client', () => {
    const { admit, held } = createPool([a, b]);
    const client = admit();
    client.refuse();
    expect(client.dials).toEqual([1, 2]);
    client.refuse();
    expect(client.phase).toBe('idle');
    expect(held()).toBe(1);
  });

  test('dials an upstream that refused after the others, until it has answered again', () => {
    const { admit, clock } = createPool([a, b], { balance: 'round-robin' });
    admit().refuse();
    expect([admit(), admit(), admit()].map((client) => client.dials[0])).toEqual([2, 2, 2]);
    clock.advance(25);
    const probeSessions = [admit(), admit(), admit()].filter((client) => client.dials[0] === 1);
    expect(probeSessions).toHaveLength(1);
    probeSessions[0]?.answer();
    expect(new Set([admit(), admit()].map((client) => client.dials[0]))).toEqual(new Set([1, 2]));
  });

  test('gives up a dial without an answer at its deadline', () => {
    const { admit, clock, pool } = createPool([a, b], { connectTimeoutMs: 140 });
    const client = admit();
    clock.advance(139);
    expect(client.dials).toEqual([1]);
    clock.advance(1);
    expect(client.dials).toEqual([1, 2]);
    client.answer();
    expect(pool.sessionCount).toBe(1);
  });

  test('ignores the deadline of a dial that was answered', () => {
    const { admit, clock } = createPool([a, b], { connectTimeoutMs: 140 });
    const client = admit();
    client.answer();
    clock.advance(1_000);
    expect(client).toMatchObject({ dials: [1], phase: 'relaying' });
  });

  test('counts sessions that are dialing or relaying', () => {
    const { admit, counters } = createPool([a]);
    const client = admit();
    expect(counters.activeOf(1)).toBe(1);
    client.answer();
    expect(counters.activeOf(1)).toBe(1);
    client.end();
    expect(counters.totalsOf(1)).toMatchObject({ active: 0, sessions: 1, dials: 1, dialFailures: 0, retries: 0 });
  });
});

describe('the hold', () => {
  test('lets only the first session dial, at growing intervals', () => {
    const { admit, clock } = createPool([a]);
    const first = admit();
    const second = admit();
    first.refuse();
    second.refuse();
    const third = admit();
    const distances: number[] = [];
    for (let dials = 0; dials < 6; dials++) {
      const startedMs = clock.nowMs();
      while (first.phase !== 'dialing') clock.advance(1);
      distances.push(clock.nowMs() - startedMs);
      first.refuse();
    }
    expect(distances).toEqual([25, 50, 100, 200, 250, 250]);
    expect(second.dials).toHaveLength(1);
    expect(third.dials).toEqual([]);
  });

  test('puts a session whose release failed before those that came later', () => {
    const { admit, clock } = createPool([a]);
    const [first, second] = [admit(), admit()];
    first.refuse();
    second.refuse();
    clock.advance(25);
    first.answer();
    const third = admit();
    third.refuse();
    second.refuse();
    clock.advance(25);
    expect(second.phase).toBe('dialing');
    expect(third.phase).toBe('idle');
  });

  test('tries a new upstream at once, even while the first session waits for a silent one', () => {
    const { admit, apply } = createPool([]);
    const client = admit();
    apply([a]);
    expect(client.dials).toEqual([1]);
    apply([a, b]);
    expect(client.dials).toEqual([1, 2]);
    client.refuse();
    expect(client.dials).toEqual([1, 2]);
  });

  test('lets the next session dial at once when the first leaves', () => {
    const { admit, apply, records } = createPool([]);
    const [first, second] = [admit(), admit()];
    apply([a]);
    first.leave();
    expect(second.dials).toEqual([1]);
    expect(records.map(({ reason }) => reason)).toEqual(['client-gave-up']);
  });

  test('gives each client a deadline of its own, counted from its first wait', () => {
    const { admit, clock, records, held } = createPool([], { holdMs: 1_000 });
    const first = admit();
    clock.advance(400);
    const second = admit();
    clock.advance(600);
    expect([first.phase, second.phase]).toEqual(['aborted', 'idle']);
    clock.advance(400);
    expect(second.phase).toBe('aborted');
    expect(records.map(({ reason, heldMs }) => [reason, heldMs])).toEqual([
      ['hold-expired', 1_000],
      ['hold-expired', 1_000],
    ]);
    expect(held()).toBe(0);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  test('ends a dial of a held client at the client’s deadline, too', () => {
    const { admit, apply, clock, counters } = createPool([], { holdMs: 1_000, connectTimeoutMs: 60_000 });
    const client = admit();
    apply([a]);
    clock.advance(1_000);
    expect(client.phase).toBe('aborted');
    expect(counters.activeOf(1)).toBe(0);
  });

  test('has no deadline for a client that was answered', () => {
    const { admit, apply, clock } = createPool([], { holdMs: 1_000 });
    const client = admit();
    apply([a]);
    client.answer();
    clock.advance(5_000);
    expect(client.phase).toBe('relaying');
  });

  test('serves a client that ended without a byte unless it has to wait, which counts as giving up', () => {
    const { admit, records } = createPool([a, b]);
    const [served, waiting] = [admit(), admit()];
    served.leave('ended');
    waiting.leave('ended');
    served.answer();
    expect(served.phase).toBe('relaying');
    waiting.refuse();
    waiting.refuse();
    expect(records.map(({ reason }) => reason)).toEqual(['client-gave-up']);
  });

  test('is bounded, but never rejects a client that is already in it', () => {
    const { admit, records, clock, held } = createPool([a], { maxHeld: 2 });
    const clients = [admit(), admit()];
    for (const client of clients) client.refuse();
    expect(admit().phase).toBe('aborted');
    clock.advance(25);
    clients[0]?.answer();
    clients[1]?.refuse();
    expect(clients[1]?.phase).toBe('idle');
    expect(held()).toBe(1);
    expect(records.map(({ reason }) => reason)).toEqual(['hold-full']);
  });
});

describe('an upstream that leaves the table', () => {
  test('loses its dials at once and its sessions once they are quiet', () => {
    const { admit, apply, clock, records } = createPool([a]);
    const relaying = admit();
    relaying.answer();
    const dialing = admit();
    apply([b]);
    expect(dialing.dials).toEqual([1, 2]);
    relaying.bytesDown = 10;
    clock.advance(250);
    expect(relaying.phase).toBe('relaying');
    clock.advance(250);
    expect(relaying.phase).toBe('aborted');
    expect(records).toMatchObject([{ reason: 'upstream-gone', bytesDown: 10, upstream: 'a' }]);
  });

  test('may not send forever', () => {
    const { admit, apply, clock } = createPool([a]);
    const client = admit();
    client.answer();
    apply([]);
    for (let ms = 0; ms < 5_000; ms += 100) {
      client.bytesDown += 1;
      clock.advance(100);
    }
    expect(client.phase).toBe('aborted');
  });

  test('keeps its sessions and gets no more if it is drained instead', () => {
    const { admit, apply, clock } = createPool([a]);
    const client = admit();
    client.answer();
    apply([{ ...a, availability: 'unavailable' }, b]);
    clock.advance(60_000);
    expect(client.phase).toBe('relaying');
    expect(admit().dials).toEqual([2]);
  });
});

test('closing a pool closes held, dialing and relaying sessions, and dials for none', () => {
  const { admit, pool, records, clock, apply } = createPool([]);
  const held = [admit(), admit()];
  apply([a]);
  const [probeSession] = held;
  pool.closeAll('shutdown');
  expect(probeSession?.dials).toEqual([1]);
  expect(held[1]?.dials).toEqual([]);
  expect(records.map(({ reason }) => reason)).toEqual(['shutdown', 'shutdown']);
  expect(clock.nextDelayMs()).toBeUndefined();
});
