import { describe, expect, test } from 'vitest';
import { Load } from '../../../src/relay/splice/load.ts';

/** Turns of so many milliseconds of work, then sleep, with a socket more in each. */
function after(
  turns: readonly (readonly [workMs: number, sleepMs: number])[],
  { load = new Load(0), fromMs = 0, comers = 1 } = {},
): Load {
  let nowMs = fromMs;
  for (const [workMs, sleepMs] of turns) {
    for (let comer = 0; comer < comers; comer++) load.came();
    load.worked(nowMs, nowMs + workMs);
    nowMs += workMs + sleepMs;
  }
  return load;
}

describe('the load of a relay thread', () => {
  test('is high once it worked for most of a window', () => {
    expect(after(Array.from({ length: 20 }, () => [0.8, 0.2])).isHigh).toBe(true);
    expect(after(Array.from({ length: 40 }, () => [0.2, 0.3])).isHigh).toBe(false);
  });

  test('is not high with the same sockets all the time', () => {
    expect(
      after(
        Array.from({ length: 20 }, () => [0.8, 0.2]),
        { comers: 0 },
      ).isHigh,
    ).toBe(false);
  });

  test('is not high for a moment of work, nor still so after a sleep', () => {
    expect(after([[9, 0]]).isHigh).toBe(false);
    const busy = after(Array.from({ length: 20 }, () => [0.8, 0.2]));
    expect(after([[0.1, 0]], { load: busy, fromMs: 500 }).isHigh).toBe(false);
  });
});
