import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ServiceSeries } from '../../../../src/admin/metrics/service-series.ts';
import { noTraffic } from '../../../../src/admin/source.ts';

/** Services that come, go and count; as the relay does, it forgets at some time what those that are gone counted. */
function world(most: number) {
  const counts = new Map<string, number>();
  const here = new Map<string, true>();
  const trafficOf = (name: string) => ({
    ...noTraffic,
    sessions: counts.get(name) ?? 0,
    active: here.has(name) ? 1 : 0,
  });
  const series = new ServiceSeries(trafficOf, most, { counters: ['sessions'], gauges: ['active'] });
  return {
    come: (name: string) => void here.set(name, true),
    go: (name: string) => void here.delete(name),
    forget: (name: string) => void (here.has(name) || counts.delete(name)),
    count: (name: string, sessions = 1) => void counts.set(name, (counts.get(name) ?? 0) + sessions),
    read() {
      const { named, others } = series.read(here);
      return [
        ...named.map(([name, { sessions }]) => [name, sessions]),
        ...(others ? [['others', others.sessions, others.active]] : []),
      ];
    },
  };
}

it('services beyond the most are summed up, and what one of them counted stays there when it gets a series or goes', () => {
  const t = world(2);
  for (const name of ['b', 'c']) t.come(name);
  t.count('c', 5);
  expect(t.read()).toEqual([
    ['b', 0],
    ['c', 5],
  ]);
  for (const name of ['a', 'd']) t.come(name);
  for (const name of ['a', 'd']) t.count(name, 3);
  expect(t.read()).toEqual([
    ['b', 0],
    ['c', 5],
    ['others', 6, 2],
  ]);
  t.go('b');
  t.count('a');
  t.count('d');
  // One of the two has the free place now, with all that it has counted.
  expect(t.read()).toEqual([
    ['c', 5],
    ['a', 4],
    ['others', 7, 1],
  ]);
  t.go('d');
  t.forget('d');
  t.come('b');
  expect(t.read()).toEqual([
    ['c', 5],
    ['a', 4],
    ['others', 7, 1],
  ]);
});

it('what had a series of its own is not counted again when it comes back among the others', () => {
  const t = world(1);
  for (const name of ['a', 'b']) t.come(name);
  t.count('a', 10);
  t.read();
  t.go('a');
  t.read();
  t.come('a');
  t.count('a', 2);
  expect(t.read()).toEqual([
    ['b', 0],
    ['others', 2, 1],
  ]);
});

it('no series ever falls while it is there, whatever comes and goes', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.tuple(fc.constantFrom('come', 'come', 'go', 'forget', 'count', 'count', 'read'), name);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const t = world(2);
      let before = new Map<unknown, unknown>();
      for (const [what, who] of [...steps, ['read', 'a'] as const]) {
        if (what !== 'read') {
          t[what](who);
          continue;
        }
        const now = new Map(t.read().map(([series, sessions]) => [series, sessions]));
        expect(now.size).toBeLessThanOrEqual(3);
        if (before.has('others')) expect(now.has('others')).toBe(true);
        expect(Number(now.get('others') ?? 0)).toBeGreaterThanOrEqual(Number(before.get('others') ?? 0));
        before = now;
      }
    }),
  );
});
