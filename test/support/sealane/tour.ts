import { expect } from 'vitest';

/** Expects the output of a whole tour: four phases, no failed connection, and answers of the fourth replica. */
export function expectTour(stdout: string, lastPhase: string): void {
  for (const phase of ['One replica', 'Scale up to four', 'Scale down to two', lastPhase])
    expect(stdout).toContain(`\n${phase}\n`);
  expect(stdout.match(/^\d+ connections, 0 failed, longest wait \d+ ms$/gm)).toHaveLength(5);
  expect(stdout).toMatch(/whoami-4 +█+ +\d+/);
}
