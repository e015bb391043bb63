import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileBudget } from '../../../../src/relay/plane/file-budget.ts';

describe('the budget of open files', () => {
  test('leaves a reserve, however many files, threads and pipes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 256, max: 1_048_576 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('stream', 'splice'),
        (files, workers, driver) => {
          const { sockets, pipes } = fileBudget(driver, workers, files);
          expect(sockets + 2 * pipes * workers).toBeLessThanOrEqual(files - 128);
          expect(sockets).toBeGreaterThanOrEqual((files - 128) * 0.8);
        },
      ),
    );
  });

  test('has no limit of sockets where open files are unlimited', () => {
    expect(fileBudget('splice', 2, Infinity)).toEqual({ sockets: Infinity, pipes: 512 });
    expect(fileBudget('stream', 2, Infinity)).toEqual({ sockets: Infinity, pipes: 0 });
  });

  test('is enough for one session, however low the limit', () => {
    expect(fileBudget('splice', 4, 100)).toEqual({ sockets: 3, pipes: 1 });
  });
});
