import { describe, expect, it } from 'vitest';
import { othersShare, quietest, readCpu, treesCpuMs, treesRssMib, type CpuReading } from '../../../bench/relay/load.ts';

const idle: CpuReading = { totalMs: 0, busyMs: 0, ownMs: 0 };

/** Readings of a machine with two processors, of which others use these shares for a second each. */
function machine(...shares: readonly number[]): () => CpuReading {
  let now = idle;
  const readings = shares.flatMap((share) => {
    const before = now;
    now = { totalMs: now.totalMs + 2_000, busyMs: now.busyMs + 800 + 2_000 * share, ownMs: now.ownMs + 800 };
    return [before, now];
  });
  return () => readings.shift() ?? expect.fail('measured more often than planned');
}

describe('the share of the machine that others use', () => {
  it('is what was busy without the benchmark, of all processors', () => {
    expect(othersShare(idle, { totalMs: 6_000, busyMs: 3_300, ownMs: 3_000 })).toBe(0.05);
  });

  it('is 0 where the kernel counts more for the benchmark than for the machine, or no time has passed', () => {
    expect(othersShare(idle, { totalMs: 6_000, busyMs: 2_900, ownMs: 3_000 })).toBe(0);
    expect(othersShare(idle, idle)).toBe(0);
  });
});

describe('a cell', () => {
  const values = (): (() => Promise<string>) => {
    const names = ['first', 'second', 'third', 'fourth'];
    return async () => names.shift() ?? 'none';
  };

  it('is measured once on a quiet machine', async () => {
    expect(await quietest(values(), machine(0.05))).toEqual({ value: 'first', others: 0.05, tries: 1 });
  });

  it('is measured again while others use more than a twentieth of the machine', async () => {
    expect(await quietest(values(), machine(0.2, 0.01))).toEqual({ value: 'second', others: 0.01, tries: 2 });
  });

  it('that remains noisy is the quietest of three', async () => {
    expect(await quietest(values(), machine(0.5, 0.1, 0.2))).toEqual({ value: 'second', others: 0.1, tries: 3 });
  });
});

describe('this machine', () => {
  it('has more CPU time than was used, and this process used some of it', () => {
    const { totalMs, busyMs, ownMs } = readCpu();
    expect(totalMs).toBeGreaterThan(busyMs);
    expect(busyMs).toBeGreaterThan(ownMs);
    expect(ownMs).toBeGreaterThan(0);
  });

  it('counts a process with its children, and nothing for one that has ended', () => {
    const own = treesCpuMs([process.pid]);
    expect(treesCpuMs([process.ppid])).toBeGreaterThanOrEqual(own);
    expect(treesRssMib([process.pid])).toBeGreaterThan(1);
    expect(treesCpuMs([2 ** 22 + 1])).toBe(0);
  });
});
