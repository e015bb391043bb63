import { z } from 'zod';

/**
 * Counts the results of a test run. A failure outside of any test (a broken import, a global setup, a crash) counts as
 * a failure, and so does a run without a report.
 */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/** The counts of a run. `report` is the output of vitest's JSON reporter, or undefined where it wrote none. */
export function countVitest(report: unknown, exitCode: number): Counts {
  const parsed = reportSchema.safeParse(report);
  const counts = (parsed.success ? parsed.data.testResults : []).reduce((total, file) => {
    const statuses = file.assertionResults.map((test) => test.status);
    const count = (...wanted: readonly string[]): number => statuses.filter((status) => wanted.includes(status)).length;
    const failed = count('failed');
    return addCounts(total, {
      passed: count('passed'),
      failed: file.status === 'failed' && failed === 0 ? 1 : failed,
      skipped: count('skipped', 'pending', 'todo', 'disabled'),
    });
  }, noCounts);
  const unexplained = exitCode !== 0 && counts.failed === 0;
  const ranNothing = counts.passed === 0 && counts.failed === 0;
  return unexplained || ranNothing ? addCounts(counts, { ...noCounts, failed: 1 }) : counts;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
