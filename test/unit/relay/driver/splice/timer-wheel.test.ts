import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimerWheel, tickMs } from '../../../../../src/relay/driver/splice/timer-wheel.ts';

/** Mostly delays that a relay sets; a few that go round the wheel more than once. */
const delay = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: 3_000_000 }),
  fc.constant(70_000_000),
);

describe('the timer wheel', () => {
  test('runs each timer once, never early, a tick late at most, whatever the delays', () => {
    fc.assert(
      fc.property(fc.array(delay, { maxLength: 50 }), (delays) => {
        const wheel = new TimerWheel(0);
        const ran = delays.map((): number[] => []);
        let nowMs = 0;
        delays.forEach((atMs, index) => wheel.add(atMs, () => ran[index]?.push(nowMs)));
        while (wheel.size > 0) {
          nowMs += Math.max(1, Math.ceil(wheel.delayMs(nowMs)));
          wheel.turn(nowMs);
        }
        delays.forEach((atMs, index) => {
          expect(ran[index]).toHaveLength(1);
          expect(ran[index]?.[0]).toBeGreaterThanOrEqual(atMs);
          expect(ran[index]?.[0]).toBeLessThanOrEqual(atMs + 2 * tickMs);
        });
      }),
      { numRuns: 6 },
    );
  });

  test('a loop that was away for long runs all timers that were due meanwhile, in order', () => {
    const wheel = new TimerWheel(1_000);
    const ran: number[] = [];
    for (const at of [90_000, 1_100, 2_500, 1_104]) wheel.add(at, () => ran.push(at));
    wheel.turn(50_000);
    expect(ran).toEqual([1_100, 1_104, 2_500]);
    wheel.turn(100_000);
    expect(ran).toEqual([1_100, 1_104, 2_500, 90_000]);
  });

  test('a timer that was cancelled does not run, not even when its time had come', () => {
    const wheel = new TimerWheel(0);
    const ran: string[] = [];
    const second = wheel.add(8, () => ran.push('second'));
    wheel.add(8, () => ran.push('third'));
    wheel.add(4, () => {
      ran.push('first');
      second.cancel();
    });
    second.cancel();
    wheel.turn(100);
    second.cancel();
    expect(ran).toEqual(['first', 'third']);
    expect(wheel.size).toBe(0);
    expect(wheel.delayMs(100)).toBe(Infinity);
  });

  test('a timer may set itself again', () => {
    const wheel = new TimerWheel(0);
    let runs = 0;
    let nowMs = 0;
    const again = (): void => {
      runs += 1;
      wheel.add(nowMs + 1_000, again);
    };
    wheel.add(1_000, again);
    for (; nowMs <= 10_000; nowMs += 3) wheel.turn(nowMs);
    expect(runs).toBeGreaterThanOrEqual(9);
    expect(runs).toBeLessThanOrEqual(10);
  });
});
