import { describe, expect, test } from 'vitest';
import { signalName, signalNumber } from '../../../src/docker/signals.ts';

describe('signals', () => {
  test.each([
    ['15', 15],
    ['SIGTERM', 15],
    ['term', 15],
    ['SIGQUIT', 3],
    ['SIGWINCH', 28],
    ['SIGRTMIN+3', 37],
    ['RTMAX-1', 63],
    ['0', undefined],
    ['65', undefined],
    ['SIGNONE', undefined],
    ['', undefined],
    ['15; rm', undefined],
  ])('%s is %s', (text, number) => {
    expect(signalNumber(text)).toBe(number);
  });

  test('are printed by their names', () => {
    expect(signalName(9)).toBe('SIGKILL');
    expect(signalName(37)).toBe('signal 37');
  });
});
