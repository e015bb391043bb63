import { describe, expect, it } from 'vitest';
import { duration, latency, plural, rate } from '../../../src/dashboard/format.ts';
import { formatBytes } from '../../../src/text/sizes.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.7, '1 kB'],
    [1_234, '1.2 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [3.4e8, '340 MB'],
    [2e18, '2000 PB'],
    [-5, '0 B'],
  ])('%d bytes are %s', (amount, text) => expect(formatBytes(amount)).toBe(text));

  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
    [-100, '0 s'],
  ])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0.04, '<0.1 ms'],
    [0.42, '0.4 ms'],
    [12.4, '12 ms'],
    [1_234, '1.2 s'],
  ])('a dial of %d ms took %s', (ms, text) => expect(latency(ms)).toBe(text));

  it('says how many, and of what', () => {
    expect([plural(1, 'service'), plural(1_000, 'service'), rate(1_500)]).toEqual([
      '1 service',
      '1,000 services',
      '1.5 kB/s',
    ]);
  });
});
