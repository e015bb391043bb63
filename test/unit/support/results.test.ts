import { describe, expect, it } from 'vitest';
import { countVitest, summary } from '../../support/results.ts';

const file = (status: string, ...tests: readonly string[]): unknown => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

describe('the last line of a test run', () => {
  it.each([
    [
      'counts each test by its result',
      [file('failed', 'passed', 'failed', 'skipped')],
      1,
      '1 passed, 1 failed, 1 skipped',
    ],
    ['leaves out skipped tests when there are none', [file('passed', 'passed')], 0, '1 passed, 0 failed'],
    ['counts a file that could not be loaded', [file('failed'), file('passed', 'passed')], 1, '1 passed, 1 failed'],
    ['counts a file whose setup failed after a test passed', [file('failed', 'passed')], 1, '1 passed, 1 failed'],
    [
      'counts a failure outside of all files, such as a global setup',
      [file('passed', 'passed')],
      1,
      '1 passed, 1 failed',
    ],
    ['counts a run without any test as failed', [], 0, '0 passed, 1 failed'],
  ])('%s', (_title, testResults, exitCode, line) => {
    expect(summary(countVitest({ testResults }, exitCode))).toBe(line);
  });

  it('counts a run that wrote no report as failed, whatever its exit code', () => {
    expect(summary(countVitest(undefined, 0))).toBe('0 passed, 1 failed');
  });
});
