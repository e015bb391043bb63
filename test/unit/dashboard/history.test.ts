import { describe, expect, it } from 'vitest';
import { History, historyTicks, idle, type ServiceFigures } from '../../../src/dashboard/data/history.ts';

const figures = (bytesDown: number, active = 0): ServiceFigures => ({
  active,
  held: 0,
  bytesUp: bytesDown / 10,
  bytesDown,
});
const of = (entries: Record<string, ServiceFigures>): Map<string, ServiceFigures> => new Map(Object.entries(entries));

describe('the history of figures', () => {
  it('tells rates from counters that only grow', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(5_000, 2) }), true);
    expect(history.live.get('api')).toEqual({ active: 2, held: 0, up: 0, down: 0 });
    history.add(3_000, of({ api: figures(9_000, 3) }), false);
    expect(history.live.get('api')).toEqual({ active: 3, held: 0, up: 200, down: 2_000 });
  });

  it('keeps the connections of a service that was not named again, and lets its rate fall to nothing', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(0, 2), web: figures(0) }), true);
    history.add(2_000, of({ api: figures(1_000, 2) }), false);
    history.add(3_000, of({}), false);
    expect(history.live.get('api')).toEqual({ active: 2, held: 0, up: 0, down: 0 });
    expect(history.live.get('web') ?? idle).toEqual(idle);
    expect(history.columns('api').down).toEqual([0, 1_000, 0]);
  });

  it('draws a gap where no figures came, and no rate over it', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(0, 1) }), true);
    history.add(61_000, of({ api: figures(1e9, 1) }), true);
    expect(history.columns().down).toEqual([0, null, 0]);
    expect(history.columns().seconds).toEqual([1, 1.001, 61]);
  });

  it('never shows a rate below zero after the counters began anew', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(5_000) }), true);
    history.add(2_000, of({ api: figures(100) }), true);
    expect(history.columns().down).toEqual([0, 0]);
  });

  it('adds all services up, and still does when one is forgotten', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(0), web: figures(0) }), true);
    history.add(2_000, of({ api: figures(100), web: figures(50) }), false);
    history.forget(['web']);
    history.add(3_000, of({ api: figures(200) }), false);
    expect(history.columns().down).toEqual([0, 150, 100]);
    expect(history.columns('web').down).toEqual([0, 0, 0]);
  });

  it('forgets a service that is not among all services, but not what it added to the sum', () => {
    const history = new History();
    history.add(1_000, of({ api: figures(0), gone: figures(0, 2) }), true);
    history.add(2_000, of({ api: figures(100) }), true);
    expect(history.columns('gone').active).toEqual([0, 0]);
    expect(history.columns().active).toEqual([2, 0]);
  });

  it('remembers five minutes and no more', () => {
    const history = new History();
    for (let tick = 0; tick < 1_000; tick++) history.add(tick * 1_000, of({ api: figures(tick, 1) }), false);
    const { seconds, active } = history.columns('api');
    expect([seconds.length, seconds[0], seconds.at(-1)]).toEqual([historyTicks, 700, 999]);
    expect(new Set(active)).toEqual(new Set([1]));
  });
});
