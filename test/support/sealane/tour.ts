import { expect } from 'vitest';

/** The tour's output: all four phases, no failed connection, and each replica of the largest phase among the answers. */
export function expectTour(stdout: string, lastPhase: string): void {
  for (const phase of ['One replica', 'Scale up to four', 'Scale down to two', lastPhase])
    expect(stdout).toContain(`\n${phase}\n`);
  expect(stdout.match(/^\d+ connections, 0 failed, longest wait \d+ ms$/gm)).toHaveLength(5);
  expect(stdout).toMatch(/whoami-4 +█+ +\d+/);
}
