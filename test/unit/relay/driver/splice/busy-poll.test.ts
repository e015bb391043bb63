import { describe, expect, test } from 'vitest';
import { BusyPoll } from '../../../../../src/relay/driver/splice/busy-poll.ts';

/** Plays turns of so many milliseconds of work, then sleep, each with new sockets. */
function after(
  turns: readonly (readonly [workMs: number, sleepMs: number])[],
  { busyPoll = new BusyPoll(0), fromMs = 0, newSockets = 1 } = {},
): BusyPoll {
  let nowMs = fromMs;
  for (const [workMs, sleepMs] of turns) {
    for (let added = 0; added < newSockets; added++) busyPoll.onSocketAdded();
    busyPoll.onWorked(nowMs, nowMs + workMs);
    nowMs += workMs + sleepMs;
  }
  return busyPoll;
}

describe('busy polling of a relay thread', () => {
  test('is on once it worked for three quarters of a window', () => {
    expect(after(Array.from({ length: 20 }, () => [0.8, 0.2])).isOn).toBe(true);
    expect(after(Array.from({ length: 40 }, () => [0.7, 0.3])).isOn).toBe(false);
  });

  test('is not on with the same sockets all the time', () => {
    expect(
      after(
        Array.from({ length: 20 }, () => [0.8, 0.2]),
        { newSockets: 0 },
      ).isOn,
    ).toBe(false);
  });

  test('is not on for a moment of work, and is off again after a sleep', () => {
    expect(after([[9, 0]]).isOn).toBe(false);
    const busy = after(Array.from({ length: 20 }, () => [0.8, 0.2]));
    expect(after([[0.1, 0]], { busyPoll: busy, fromMs: 500 }).isOn).toBe(false);
  });
});
