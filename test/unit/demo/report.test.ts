import { describe, expect, it } from 'vitest';
import { phaseLines, totalLine, type PhaseTally } from '../../../src/demo/report.ts';

const tally = (over: Partial<PhaseTally> = {}): PhaseTally => ({
  made: 30,
  longestMs: 12.4,
  spread: new Map([
    ['whoami-10', 10],
    ['whoami-2', 20],
  ]),
  failures: new Map(),
  ...over,
});

describe('the report of a phase of the tour', () => {
  it('has the figures, and a bar for each replica in proportion to its share', () => {
    expect(phaseLines(tally())).toEqual([
      '30 connections, 0 failed, longest wait 12 ms',
      `  whoami-2   ${'█'.repeat(30)} 20`,
      `  whoami-10  ${'█'.repeat(15)}${' '.repeat(15)} 10`,
    ]);
  });

  it('names the reasons why connections failed', () => {
    const lines = phaseLines(tally({ failures: new Map([['ECONNRESET', 2]]) }));
    expect(lines.slice(0, 2)).toEqual(['30 connections, 2 failed, longest wait 12 ms', '  failed 2 times: ECONNRESET']);
  });

  it('is summed up in the last line', () => {
    expect(totalLine([tally(), tally({ made: 5, longestMs: 99, failures: new Map([['x', 1]]) })])).toBe(
      '35 connections, 1 failed, longest wait 99 ms',
    );
  });
});
