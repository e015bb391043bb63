import { expect, test } from 'vitest';
import { PeekPace } from '../../../../src/relay/driver/peek-pace.ts';

/**
 * Plays bytes that arrive every `everyMs`; returns the lengths at which a driver peeks, which it does only once more
 * has arrived.
 */
function peeksAt(lengths: readonly number[], everyMs: number): readonly number[] {
  const pace = new PeekPace();
  let seen = 0;
  return lengths.flatMap((length, index) => {
    const nowMs = 1_000 + index * everyMs;
    if (length === seen || !pace.isDue(length, nowMs)) return [];
    seen = length;
    pace.peeked(length, nowMs);
    return [index * everyMs];
  });
}

test('a client that drips behind a long head for five seconds is peeked at fifty times at most', () => {
  const peeks = peeksAt(
    Array.from({ length: 500 }, (_, index) => 60_000 + index),
    10,
  );
  expect(peeks.length).toBeLessThan(50);
  const distances = peeks.slice(1).map((at, index) => at - (peeks[index] ?? 0));
  expect(distances.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 10));
  expect(Math.max(...distances)).toBe(250);
});

test('a hello in twenty segments is peeked at no later than 20 ms after each, however far they are apart', () => {
  for (const segmentMs of [1, 5, 20, 100]) {
    const lengths = Array.from({ length: 20 * segmentMs }, (_, ms) => 800 * (1 + Math.floor(ms / segmentMs)));
    const peeks = peeksAt(lengths, 1);
    for (let segment = 0; segment < 19; segment++) {
      const cameAtMs = segment * segmentMs;
      const within = peeks.some((at) => at >= cameAtMs && at <= cameAtMs + 20);
      expect(within, `segment ${segment} of ${segmentMs} ms`).toBe(true);
    }
  }
});

test('bytes that have grown by an eighth are peeked at at once', () => {
  const pace = new PeekPace();
  for (let peek = 0; peek < 100; peek++) pace.peeked(8_000, 0);
  expect(pace.isDue(8_999, 1)).toBe(false);
  expect(pace.isDue(9_000, 1)).toBe(true);
  expect(pace.isDue(8_001, 250)).toBe(true);
});
