import { describe, expect, test } from 'vitest';
import { Candidates, type Candidate } from '../../../../src/relay/upstreams/candidates.ts';
import type { PoolSpec } from '../../../../src/relay/boundary/table.ts';
import { createPool, type PoolRig } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const a = upstream('a', { port: 1 });
const b = upstream('b', { port: 2 });
const c = upstream('c', { port: 3 });
const suspect = { availability: 'suspect' } as const;
const turns: Partial<PoolSpec> = { balance: 'first' };

/** The ports that the next client dials, in order, while every dial is refused. */
function walk({ admit }: PoolRig): readonly number[] {
  const client = admit();
  while (client.phase === 'dialing') client.refuse();
  return client.dials;
}

describe('a failed dial', () => {
  test('is reported to the control side, at most every 250 ms while dials keep failing', () => {
    const rig = createPool([a], { maxHeld: 100 });
    const first = rig.admit();
    first.refuse();
    expect(rig.suspects).toEqual(['a: ECONNREFUSED 127.0.0.1:1']);
    const reportedAtMs: number[] = [rig.clock.nowMs()];
    for (let ms = 0; ms < 2_000; ms++) {
      rig.clock.advance(1);
      if (first.phase === 'dialing') first.refuse();
      if (rig.suspects.length > reportedAtMs.length) reportedAtMs.push(rig.clock.nowMs());
    }
    expect(reportedAtMs.length).toBeGreaterThan(3);
    const apart = reportedAtMs.slice(1).map((atMs, index) => atMs - (reportedAtMs[index] ?? 0));
    for (const ms of apart) expect(ms).toBeGreaterThanOrEqual(250);
    for (const ms of apart) expect(ms).toBeLessThanOrEqual(500);
  });

  test('is also reported when the dial got no answer in time', () => {
    const rig = createPool([a], { connectTimeoutMs: 300 });
    rig.admit();
    rig.clock.advance(300);
    expect(rig.suspects).toEqual(['a: ETIMEDOUT 127.0.0.1:1']);
  });

  test('is not reported for an upstream that has left the table, nor for a client that gave up', () => {
    const rig = createPool([a, b]);
    const [first, second] = [rig.admit(), rig.admit()];
    first.leave();
    rig.apply([a]);
    expect(second.dials).toEqual([2, 1]);
    expect(rig.suspects).toEqual([]);
  });

  test('is forgotten when the control side has found that the upstream answers', () => {
    const rig = createPool([a, b], { ...turns, connectTimeoutMs: 300 });
    rig.admit();
    rig.clock.advance(300);
    expect(rig.admit().dials).toEqual([2]);
    rig.apply([a, b]);
    expect(rig.admit().dials).toEqual([2]);
    rig.apply([{ ...a, ...suspect }, b]);
    expect(rig.admit().dials).toEqual([2]);
    rig.apply([a, b]);
    expect(rig.admit().dials).toEqual([1]);
  });
});

describe('candidates', () => {
  test.each([
    ['primaries, then backups', [{ ...a, backup: true }, b, c], [2, 3, 1]],
    ['ready upstreams, then suspects', [{ ...a, ...suspect }, b, c], [2, 3, 1]],
    ['backups before suspects', [{ ...a, ...suspect }, { ...b, backup: true }, c], [3, 2, 1]],
    [
      'a ready backup when no primary is ready',
      [
        { ...a, ...suspect },
        { ...b, backup: true },
      ],
      [2, 1],
    ],
    [
      'all upstreams when all are suspect, backups last',
      [
        { ...a, ...suspect, backup: true },
        { ...b, ...suspect },
      ],
      [2, 1],
    ],
    [
      'no unavailable upstream',
      [
        { ...a, availability: 'unavailable' as const },
        { ...b, backup: true },
      ],
      [2],
    ],
    ['no full upstream', [{ ...a, maxConnections: 0 }, b], [2]],
    [
      'no backup while a primary is merely full',
      [
        { ...a, maxConnections: 0 },
        { ...b, backup: true },
      ],
      [],
    ],
    [
      'a suspect when the ready upstream is full',
      [
        { ...a, maxConnections: 0 },
        { ...b, ...suspect },
      ],
      [2],
    ],
    [
      'no full suspect',
      [
        { ...a, ...suspect, maxConnections: 0 },
        { ...b, ...suspect },
      ],
      [2],
    ],
  ] as const)('are dialed in this order: %s', (_, upstreams, ports) => {
    expect(walk(createPool(upstreams, turns))).toEqual(ports);
  });

  test.each([
    ['local ones, then remote ones', [{ ...a, isRemote: true }, b, c], [2, 3, 1]],
    [
      'remote ready ones, then suspects, local ones first',
      [
        { ...a, ...suspect, isRemote: true },
        { ...b, ...suspect },
        { ...c, isRemote: true },
      ],
      [3, 2, 1],
    ],
    [
      'remote primaries before local backups',
      [
        { ...a, backup: true },
        { ...b, isRemote: true },
      ],
      [2, 1],
    ],
    [
      'remote ones while the local one is full',
      [
        { ...a, maxConnections: 0 },
        { ...b, isRemote: true },
      ],
      [2],
    ],
    [
      'remote ones where there is no other',
      [
        { ...a, isRemote: true },
        { ...b, isRemote: true },
      ],
      [1, 2],
    ],
  ] as const)('of a pool that prefers local ones are dialed in this order: %s', (_, upstreams, ports) => {
    expect(walk(createPool(upstreams, { ...turns, prefer: 'local' }))).toEqual(ports);
  });

  test('that did not answer this worker come after backups, too', () => {
    const rig = createPool([a, { ...b, backup: true }], { ...turns, connectTimeoutMs: 300 });
    rig.admit();
    rig.clock.advance(300);
    expect(walk(rig)).toEqual([2, 1]);
  });

  test('are not copied for each client when all are alike', () => {
    const alike: Candidate = {
      key: 'a',
      weight: 1,
      isBackup: false,
      isRemote: false,
      isLimited: false,
      isFull: false,
      isSuspect: false,
      isSuspectByTable: false,
      isStandIn: false,
      takesNext: () => false,
    };
    const candidates = new Candidates([alike, { ...alike, key: 'b' }], 'any');
    expect(candidates.best([])).toBe(candidates.all);
    const somewhere = new Candidates([alike, { ...alike, key: 'b', isRemote: true }], 'any');
    expect(somewhere.best([])).toBe(somewhere.all);
    const here = new Candidates([alike, { ...alike, key: 'b' }], 'local');
    expect(here.best([])).toBe(here.all);
  });
});

describe('an upstream with a limit', () => {
  const limited = { ...a, maxConnections: 2 };

  test('gets no more sessions, dialing ones included; the next client is held, and no failure is counted', () => {
    const rig = createPool([limited]);
    const clients = [rig.admit(), rig.admit(), rig.admit()];
    clients[0]?.answer();
    expect(clients.map(({ dials }) => dials)).toEqual([[1], [1], []]);
    expect(rig.held()).toBe(1);
    rig.clock.advance(1_000);
    expect(clients[2]?.dials).toEqual([]);
    expect(rig.counters.totalsOf(1)).toMatchObject({ active: 2, dials: 2, dialFailures: 0, retries: 0 });
    expect(rig.suspects).toEqual([]);
  });

  test('gets the first held client at once when a session ends', () => {
    const rig = createPool([limited]);
    const [first, second, third, fourth] = [rig.admit(), rig.admit(), rig.admit(), rig.admit()];
    first.answer();
    second.answer();
    first.end();
    expect(third.dials).toEqual([1]);
    third.answer();
    expect(fourth.dials).toEqual([]);
    second.leave();
    expect(fourth.dials).toEqual([1]);
    expect(rig.held()).toBe(1);
  });

  test('is tried again within 250 ms after another worker had filled it up', () => {
    const rig = createPool([limited]);
    expect([rig.otherWorker.reserve(1, 2), rig.otherWorker.reserve(1, 2)]).toEqual([true, true]);
    const client = rig.admit();
    rig.clock.advance(3_000);
    expect(client.dials).toEqual([]);
    rig.otherWorker.addActive(1, -1);
    rig.clock.advance(250);
    expect(client.dials).toEqual([1]);
  });

  test('has as many clients wait as may be held, however often they were passed over', () => {
    const rig = createPool([{ ...a, maxConnections: 1 }], { maxHeld: 2 });
    rig.admit().answer();
    const second = rig.admit();
    rig.clock.advance(2_000);
    const third = rig.admit();
    rig.clock.advance(2_000);
    const fourth = rig.admit();
    expect([second, third, fourth].map(({ phase }) => phase)).toEqual(['idle', 'idle', 'aborted']);
    expect(rig.records.map(({ reason }) => reason)).toEqual(['hold-full']);
  });

  test('leaves its clients to the others by the policy when it is full', () => {
    const rig = createPool([limited, b, c], { balance: 'round-robin' });
    const ports = Array.from({ length: 8 }, () => rig.admit().dials[0]);
    expect(ports.filter((port) => port === 1)).toHaveLength(2);
    expect(ports.filter((port) => port === 2)).toHaveLength(3);
  });

  test('keeps its sessions when the limit is lowered, and gets none until it has fewer', () => {
    const rig = createPool([limited]);
    const [first, second] = [rig.admit(), rig.admit()];
    first.answer();
    second.answer();
    rig.apply([{ ...limited, maxConnections: 1 }]);
    const third = rig.admit();
    first.end();
    expect(third.dials).toEqual([]);
    expect(second.phase).toBe('relaying');
    second.end();
    expect(third.dials).toEqual([1]);
  });
});

describe('slow start', () => {
  const slow = { ...b, slowStartMs: 10_000, weight: 100 };
  const shareOf = (rig: PoolRig): number => {
    const ports = Array.from({ length: 1_100 }, () => {
      const client = rig.admit();
      client.answer();
      client.end();
      return client.dials[0];
    });
    return ports.filter((port) => port === 2).length;
  };

  test('raises an upstream’s share from a tenth to all of its weight, and not again after a mere suspicion', () => {
    const rig = createPool([{ ...a, weight: 100 }], { balance: 'round-robin' });
    rig.apply([{ ...a, weight: 100 }, slow]);
    expect(shareOf(rig)).toBeCloseTo(100, -1);
    rig.clock.advance(5_000);
    expect(Math.abs(shareOf(rig) - (1_100 * 0.55) / 1.55)).toBeLessThan(3);
    rig.clock.advance(5_000);
    expect(Math.abs(shareOf(rig) - 550)).toBeLessThan(3);
    rig.apply([
      { ...a, weight: 100 },
      { ...slow, ...suspect },
    ]);
    rig.apply([{ ...a, weight: 100 }, slow]);
    expect(Math.abs(shareOf(rig) - 550)).toBeLessThan(3);
    rig.apply([
      { ...a, weight: 100 },
      { ...slow, availability: 'unavailable' },
    ]);
    rig.clock.advance(60_000);
    rig.apply([{ ...a, weight: 100 }, slow]);
    expect(shareOf(rig)).toBeCloseTo(100, -1);
  });
});
