import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileBudget } from '../../../../src/relay/plane/file-budget.ts';

describe('the budget of open files', () => {
  test('leaves files for the process, its threads and the admin API, however many files, threads and pipes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 256, max: 1_048_576 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('stream', 'splice'),
        (files, workers, driver) => {
          const { sockets, pipes, adminConnections } = fileBudget(driver, workers, files);
          const taken = sockets + 2 * pipes * workers + 2 * adminConnections;
          // A Sealane without clients has 24 files, and 7 for each thread.
          expect(taken + 24 + 7 * (workers + 1)).toBeLessThanOrEqual(files - 48);
          expect(taken).toBeGreaterThanOrEqual(files - 72 - 8 * (workers + 1));
          expect(sockets).toBeGreaterThanOrEqual(taken * 0.5);
          expect(adminConnections).toBeGreaterThanOrEqual(16);
        },
      ),
    );
  });

  test('has no limit of sockets where open files are unlimited', () => {
    expect(fileBudget('splice', 2, Infinity)).toEqual({ sockets: Infinity, pipes: 512, adminConnections: 256 });
    expect(fileBudget('stream', 2, Infinity)).toEqual({ sockets: Infinity, pipes: 0, adminConnections: 256 });
  });

  test('is enough for one session, however low the limit', () => {
    expect(fileBudget('splice', 4, 100)).toEqual({ sockets: 3, pipes: 1, adminConnections: 16 });
  });
});
