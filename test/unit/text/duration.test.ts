import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/text/duration.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['0', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 's', '-1s', '10 s', '1e9h', '10d', 'Infinity'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('are printed as people write them', () => {
    const written = [250, 999.6, 10_000, 90_000, 5_400_000].map(formatDuration);
    expect(written).toEqual(['250ms', '1s', '10s', '1.5m', '1.5h']);
  });
});
