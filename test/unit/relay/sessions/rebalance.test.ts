import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { excess, ratePerSecond, Rebalance, type Idler, type Sharer } from '../../../../src/relay/sessions/rebalance.ts';
import { createPool } from '../../../support/sockets/pool.ts';
import { upstream } from '../../../support/sockets/tables.ts';

/** A session of one worker that has been idle since the given time. */
class Stub implements Idler {
  readonly worker: number;
  readonly #sinceMs: number;

  constructor(worker: number, sinceMs = 0) {
    this.worker = worker;
    this.#sinceMs = sinceMs;
  }

  idleMs(nowMs: number): number {
    return Math.max(0, nowMs - this.#sinceMs);
  }
}

interface Node {
  readonly key: string;
  readonly weight: number;
  readonly limit: number;
  readonly sessions: Set<Stub>;
}

const node = (key: string, sessions: readonly Stub[], weight = 1, limit = Infinity): Node => ({
  key,
  weight,
  limit,
  sessions: new Set(sessions),
});
const many = (count: number, worker = 0, sinceMs = 0): Stub[] =>
  Array.from({ length: count }, () => new Stub(worker, sinceMs));

/** The upstreams with the sessions of one worker. */
function seenBy(worker: number, nodes: readonly Node[]): readonly Sharer<Stub>[] {
  return nodes.map(({ key, weight, limit, sessions }) => ({
    key,
    weight,
    fullWeight: weight,
    active: sessions.size,
    isFull: sessions.size >= limit,
    occupants: new Set([...sessions].filter((session) => session.worker === worker)),
  }));
}

interface Run {
  readonly nodes: readonly Node[];
  readonly workers?: number;
  readonly idleMs?: number;
  /** Where a client reconnects after its session was ended. */
  readonly comeBack: 'to the least loaded' | 'where it was' | 'never';
}

/** Runs a rebalance until nothing is left to do; returns how many sessions ended in each second. */
function run({ nodes, workers = 1, idleMs = 60_000, comeBack }: Run): readonly number[] {
  const startMs = 1_000_000;
  const plans = Array.from({ length: workers }, (_, worker) => new Rebalance(seenBy(worker, nodes), startMs));
  const ended: number[] = [];
  for (let nowMs = startMs; plans.some((plan) => !plan.isOver); nowMs += 1_000) {
    let count = 0;
    for (const [worker, plan] of plans.entries()) {
      for (const session of plan.tick(seenBy(worker, nodes), idleMs, nowMs)) {
        count += 1;
        expect(session.idleMs(nowMs)).toBeGreaterThanOrEqual(idleMs);
        const from = nodes.find(({ sessions }) => sessions.delete(session));
        const open = nodes.filter(({ sessions, limit }) => sessions.size < limit);
        open.sort((one, other) => one.sessions.size / one.weight - other.sessions.size / other.weight);
        const to = { 'to the least loaded': open[0], 'where it was': from, never: undefined }[comeBack];
        to?.sessions.add(new Stub(worker, nowMs - startMs));
      }
    }
    ended.push(count);
    expect(ended.length).toBeLessThanOrEqual(601);
  }
  return ended;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

describe('the budget', () => {
  test('is the number of sessions above the fair share by weight, which is rounded up', () => {
    const nodes = [node('a', many(50)), node('b', many(50)), node('c', [])];
    expect(excess(seenBy(0, nodes))).toEqual(
      new Map([
        ['a', 16],
        ['b', 16],
      ]),
    );
    expect(excess(seenBy(0, [node('a', many(30)), node('b', [], 2)]))).toEqual(new Map([['a', 20]]));
    expect(excess(seenBy(0, [node('a', many(1)), node('b', [])]))).toEqual(new Map());
  });

  test('is divided among the workers by their sessions', () => {
    const nodes = [node('a', [...many(30, 0), ...many(10, 1)]), node('b', [])];
    expect([0, 1, 2].map((worker) => excess(seenBy(worker, nodes)).get('a'))).toEqual([15, 5, undefined]);
  });
});

describe('a rebalance', () => {
  test('evens out the shares and ends', () => {
    const nodes = [node('a', many(60)), node('b', many(60)), node('c', [])];
    const ended = run({ nodes, comeBack: 'to the least loaded' });
    expect(nodes.map(({ sessions }) => sessions.size)).toEqual([40, 40, 40]);
    expect(total(ended)).toBe(40);
  });

  test('ends no more sessions than its budget, even if all clients return to the same upstream or never', () => {
    for (const comeBack of ['where it was', 'never'] as const) {
      const nodes = [node('a', many(90)), node('b', [])];
      expect(total(run({ nodes, comeBack }))).toBeLessThanOrEqual(45);
    }
  });

  test('lasts ten minutes at most, so that sessions in steady use stay', () => {
    const nodes = [node('a', many(90, 0, 1e9)), node('b', [])];
    const ended = run({ nodes, comeBack: 'never' });
    expect(total(ended)).toBe(0);
    expect(ended).toHaveLength(601);
  });

  test('ends no session when the upstreams below their share are full', () => {
    const nodes = [node('a', many(90)), node('b', many(5), 1, 5)];
    expect(total(run({ nodes, comeBack: 'to the least loaded' }))).toBe(0);
  });

  test('ends no more sessions than a new upstream can take during its slow start', () => {
    const nodes = [node('a', many(200)), node('b', [])];
    const slowly = (weight: number): readonly Sharer<Stub>[] =>
      seenBy(0, nodes).map((sharer) => (sharer.key === 'b' ? { ...sharer, weight } : sharer));
    const plan = new Rebalance(slowly(0.01), 0);
    expect(plan.tick(slowly(0.01), 60_000, 100_000)).toHaveLength(1);
    expect(plan.tick(slowly(1), 60_000, 101_000)).toHaveLength(10);
  });

  test('ends the sessions first that have been idle longest', () => {
    const [late, early] = [new Stub(0, 5_000), new Stub(0, 0)];
    const nodes = [node('a', [late, early]), node('b', [])];
    const plan = new Rebalance(seenBy(0, nodes), 100_000);
    expect(plan.tick(seenBy(0, nodes), 60_000, 100_000)).toEqual([early]);
  });

  test.each([
    [3, 1],
    [19, 1],
    [50, 5],
    [1_000, 10],
  ])('of %i sessions ends at most %i each second', (sessions, most) => {
    expect(ratePerSecond(sessions)).toBe(most);
    const ended = run({ nodes: [node('a', many(sessions)), node('b', [])], comeBack: 'to the least loaded' });
    for (const count of ended) expect(count).toBeLessThanOrEqual(most);
  });

  test('keeps to budget, rate and time over any number of workers, and exceeds shares by a few at most', () => {
    const counts = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 });
    const nodesOf = fc.array(fc.record({ counts, weight: fc.integer({ min: 1, max: 5 }) }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(nodesOf, fc.constantFrom('to the least loaded', 'where it was', 'never'), (from, comeBack) => {
        const nodes = from.map(({ counts: each, weight }, index) =>
          node(
            `n${index}`,
            each.flatMap((count, worker) => many(count, worker)),
            weight,
          ),
        );
        nodes.push(node('new', []));
        const all = total(nodes.map(({ sessions }) => sessions.size));
        const budget = total([0, 1, 2, 3].flatMap((worker) => [...excess(seenBy(worker, nodes)).values()]));
        const ended = run({ nodes, workers: 4, comeBack });
        expect(total(ended)).toBeLessThanOrEqual(budget);
        // Each worker counts alone and ends whole sessions, so three of four may round up in the same second.
        for (const count of ended) expect(count).toBeLessThanOrEqual(ratePerSecond(all) + 3);
        if (comeBack !== 'to the least loaded') return;
        const weights = total(nodes.map(({ weight }) => weight));
        for (const { sessions, weight } of nodes) {
          expect(sessions.size).toBeLessThanOrEqual(Math.ceil((all * weight) / weights) + 4);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a pool that rebalances', () => {
  const a = upstream('a', { port: 1 });
  const b = upstream('b', { port: 2 });
  const fill = (options: Parameters<typeof createPool>[1] = {}) => {
    const rig = createPool([a], { rebalanceIdleMs: 5_000, ...options });
    const clients = Array.from({ length: 4 }, () => rig.admit());
    for (const client of clients) client.answer();
    const pass = (seconds: number, each: () => void = () => {}): void => {
      for (let second = 0; second < seconds; second++) {
        each();
        rig.clock.advance(1_000);
        rig.pool.sample();
      }
    };
    const ended = (): number => clients.filter(({ phase }) => phase === 'finished').length;
    return { ...rig, clients, pass, ended };
  };

  test('ends idle sessions in order, one each second, as many as the new upstream should have', () => {
    const { apply, pass, ended, records } = fill();
    pass(60);
    expect(ended()).toBe(0);
    apply([a, b]);
    pass(1);
    expect(ended()).toBe(1);
    pass(100);
    expect(ended()).toBe(2);
    expect(records.map(({ reason, upstream: name }) => [reason, name])).toEqual([
      ['rebalanced', 'a'],
      ['rebalanced', 'a'],
    ]);
  });

  test('never ends a session that moved a byte lately or has bytes on their way', () => {
    const { apply, pass, ended, clients } = fill();
    apply([a, b]);
    const [up, down, stuck, late] = clients;
    if (!up || !down || !stuck || !late) throw new Error('four clients');
    stuck.hasUnsent = true;
    pass(30, () => {
      up.bytesUp += 1;
      down.bytesDown += 1;
      late.bytesUp += 1;
    });
    expect(ended()).toBe(0);
    pass(4, () => {
      up.bytesUp += 1;
      down.bytesDown += 1;
    });
    expect(ended()).toBe(0);
    pass(2, () => {
      up.bytesUp += 1;
      down.bytesDown += 1;
    });
    expect(clients.map(({ phase }) => phase)).toEqual(['relaying', 'relaying', 'relaying', 'finished']);
  });

  test('does so only for a new upstream, not for one that was ready before, nor for a backup', () => {
    const { apply, pass, ended } = fill();
    apply([a, { ...b, backup: true }]);
    pass(20);
    apply([a]);
    apply([a, { ...b, availability: 'unavailable' }]);
    apply([a, { ...b, backup: true }]);
    apply([a, { ...b, backup: true, availability: 'unavailable' }]);
    apply([a, b]);
    pass(20);
    expect(ended()).toBe(0);
  });

  test.each([{ rebalanceIdleMs: undefined }, { balance: 'first' as const }, { balance: 'source-hash' as const }])(
    'does nothing where it is not wanted: %o',
    (options) => {
      const { apply, pass, ended } = fill(options);
      apply([a, b]);
      pass(60);
      expect(ended()).toBe(0);
    },
  );
});
