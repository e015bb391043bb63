import { describe, expect, it } from 'vitest';
import type { StatsEvent } from '../../../src/admin/event-schema.ts';
import { Backfill } from '../../../src/dashboard/data/backfill.ts';
import { History } from '../../../src/dashboard/data/history.ts';

function stats(second: number, connections: Readonly<Record<string, number>>): StatsEvent {
  const services = Object.fromEntries(
    Object.entries(connections).map(([name, active]) => [
      name,
      { active, held: 0, sessions: 0, bytesUp: 0, bytesDown: 0, failures: {} },
    ]),
  );
  return { at: new Date(second * 1_000).toISOString(), accepted: 0, open: 0, held: 0, services };
}

function filled(act: (backfill: Backfill) => void): readonly (number | null)[][] {
  const history = new History();
  act(new Backfill(history));
  const { seconds, active } = history.columns();
  return seconds.map((second, index) => [second, active[index] ?? null]);
}

describe('what happened before the page was opened', () => {
  it('comes before live figures that came while it was read, and no second comes twice', () => {
    const points = filled((backfill) => {
      backfill.addLive(stats(3, { api: 4 }), true);
      backfill.addLive(stats(4, {}), false);
      backfill.addPast([stats(1, { api: 2, gone: 5 }), stats(2, { api: 3, gone: 0 }), stats(3.5, { api: 9 })]);
      backfill.addLive(stats(5, { api: 6 }), false);
    });
    expect(points).toEqual([
      [1, 7],
      [2, 3],
      [3, 4],
      [4, 4],
      [5, 6],
    ]);
  });

  it('is shown before any live figures came', () => {
    const points = filled((backfill) => {
      backfill.addPast([stats(1, { api: 2 }), stats(2, {})]);
      backfill.addLive(stats(3, { api: 1 }), true);
    });
    expect(points).toEqual([
      [1, 2],
      [2, 2],
      [3, 1],
    ]);
  });

  it('may be missing', () => {
    const points = filled((backfill) => {
      backfill.addLive(stats(1, { api: 2 }), true);
      backfill.addPast([]);
      backfill.addLive(stats(2, {}), false);
    });
    expect(points).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
