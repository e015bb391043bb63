import { describe, expect, test } from 'vitest';
import { formatSince, parseEngineTime } from '../../../src/docker/timestamp.ts';

describe('engine times', () => {
  test.each([
    ['2026-01-01T00:00:00Z', 1_767_225_600_000_000_000n],
    ['2026-01-01T00:00:00.123456789Z', 1_767_225_600_123_456_789n],
    ['2026-01-01T00:00:00.5Z', 1_767_225_600_500_000_000n],
    ['2026-01-01T02:00:00.000000001+02:00', 1_767_225_600_000_000_001n],
    ['2025-12-31T18:30:00-05:30', 1_767_225_600_000_000_000n],
    ['0001-01-01T00:00:00Z', 0n],
  ])('%s is exact to the nanosecond', (text, ns) => {
    expect(parseEngineTime(text)).toBe(ns);
  });

  test.each(['', 'yesterday', '2026-01-01', '2026-01-01 00:00:00Z'])('are never %j', (text) => {
    expect(parseEngineTime(text)).toBeUndefined();
  });

  test.each([
    [1_767_225_600_123_456_789n, '1767225600.123456789'],
    [1_767_225_600_000_000_001n, '1767225600.000000001'],
    [1n, '0.000000001'],
  ])('%d is written for the events call as %s', (ns, text) => {
    expect(formatSince(ns)).toBe(text);
  });
});
