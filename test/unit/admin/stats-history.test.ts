import { expect, it } from 'vitest';
import type { StatsEvent } from '../../../src/admin/event-schema.ts';
import { StatsHistory } from '../../../src/admin/stats-history.ts';

function stats(second: number, sessions: Readonly<Record<string, number>>): StatsEvent {
  const services = Object.fromEntries(
    Object.entries(sessions).map(([name, count]) => [
      name,
      { active: 0, held: 0, sessions: count, bytesUp: 0, bytesDown: 0, failures: {} },
    ]),
  );
  return { at: new Date(second * 1_000).toISOString(), accepted: 0, open: 0, held: 0, services };
}

function kept(history: StatsHistory): (readonly [name: string, sessions: number])[][] {
  return history.all().map(({ services }) => Object.entries(services).map(([name, one]) => [name, one.sessions]));
}

it('the first sample has all services, and others have those whose figures changed', () => {
  const history = new StatsHistory();
  history.add(stats(0, { api: 1, web: 5 }));
  history.add(stats(1, { api: 2, web: 5 }));
  history.add(stats(2, { api: 2, web: 5 }));
  expect(kept(history)).toEqual([
    [
      ['api', 1],
      ['web', 5],
    ],
    [['api', 2]],
    [],
  ]);
});

it('five minutes are kept, and the first sample that is kept has all services again', () => {
  const history = new StatsHistory();
  for (let second = 0; second < 152; second++)
    history.add(stats(second, { api: second, web: 5, late: second < 1 ? 0 : 7 }));
  expect(history.all()).toHaveLength(150);
  expect(kept(history)[0]).toEqual([
    ['api', 2],
    ['web', 5],
    ['late', 7],
  ]);
  expect(kept(history)[1]).toEqual([['api', 3]]);
});

it('memory is bounded by the figures that are kept, and a service that is gone leaves with its last sample', () => {
  const history = new StatsHistory(4);
  for (let second = 0; second < 5; second++) history.add(stats(second, { a: second, b: second, gone: 0 }));
  history.add(stats(5, { a: 5, b: 5 }));
  history.add(stats(6, { a: 6, b: 6 }));
  expect(kept(history)).toEqual([
    [
      ['a', 5],
      ['b', 5],
    ],
    [
      ['a', 6],
      ['b', 6],
    ],
  ]);
});

it('a service that is gone has no connections from then on, and is kept as long as it had some', () => {
  const history = new StatsHistory();
  const one = { active: 3, held: 1, sessions: 3, bytesUp: 0, bytesDown: 0, failures: {} };
  const closing = { ...one, active: 0, held: 0 };
  const ofGone = (): unknown[] =>
    history
      .all()
      .slice(0, 3)
      .map(({ services }) => services['gone']);
  for (const second of [0, 1]) history.add({ ...stats(second, {}), services: { gone: one } });
  for (let second = 2; second < 150; second++) history.add(stats(second, { api: second }));
  expect(ofGone()).toEqual([one, undefined, closing]);
  history.add(stats(150, {}));
  expect(ofGone()).toEqual([one, closing, undefined]);
  history.add(stats(151, {}));
  expect(ofGone()).toEqual([undefined, undefined, undefined]);
});
