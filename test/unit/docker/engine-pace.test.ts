import { describe, expect, test } from 'vitest';
import { EnginePace, pingCall } from '../../../src/docker/engine-pace.ts';

const list = 'GET /containers/json';

describe('the deadlines of an engine’s calls', () => {
  test('is the least deadline for an engine that answers promptly', () => {
    const pace = new EnginePace();
    pace.answered(pingCall, 1);
    pace.answered(list, 100);
    expect(pace.deadlineMs(list, 10_000)).toBe(10_000);
  });

  test('doubles with each call that is not answered in time, up to two minutes', () => {
    const pace = new EnginePace();
    const deadlines = Array.from({ length: 7 }, () => {
      const deadlineMs = pace.deadlineMs(pingCall, 5000);
      pace.timedOut(pingCall, deadlineMs);
      return deadlineMs;
    });
    expect(deadlines).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
  });

  test('doubles once when calls at the same time are not answered', () => {
    const pace = new EnginePace();
    for (let call = 0; call < 8; call += 1) pace.timedOut(list, 10_000);
    expect(pace.deadlineMs(list, 10_000)).toBe(20_000);
  });

  test('leaves room for an answer that takes three times as long as the last', () => {
    const pace = new EnginePace();
    pace.answered(list, 12_000);
    expect(pace.deadlineMs(list, 10_000)).toBe(36_000);
    pace.answered(list, 1_000_000);
    expect(pace.deadlineMs(list, 10_000)).toBe(120_000);
  });

  test('comes back with prompt answers, by half with each', () => {
    const pace = new EnginePace();
    pace.answered(list, 12_000);
    pace.answered(list, 1);
    expect(pace.deadlineMs(list, 10_000)).toBe(18_000);
    pace.answered(list, 1);
    expect(pace.deadlineMs(list, 10_000)).toBe(10_000);
  });

  test('with slow pings holds for all calls, but a slow list does not make a hung engine’s ping late', () => {
    const pace = new EnginePace();
    pace.answered(list, 12_000);
    expect(pace.deadlineMs(pingCall, 5000)).toBe(5000);
    pace.answered(pingCall, 9000);
    expect(pace.deadlineMs('GET /events', 10_000)).toBe(27_000);
  });
});
