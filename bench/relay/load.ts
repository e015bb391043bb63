import { readdirSync, readFileSync } from 'node:fs';
import { rssKib } from './processes.ts';

/**
 * The CPU time of the machine and of a tree of processes (proc_stat(5), proc_pid_stat(5)), and the rule by which a
 * measurement counts as disturbed by other processes.
 */
export interface CpuReading {
  /** Of all processors, also while they were idle. */
  readonly totalMs: number;
  readonly busyMs: number;
  /** Of the benchmark: its own process, all that it started, and the kernel's work for them. */
  readonly ownMs: number;
}

/** The share of the machine's CPU time that others may use during a measurement. */
export const noisyShare = 0.05;
/** How often a noisy measurement is taken in all. */
const mostTries = 3;

/** The share of the machine's CPU time between two readings that went to others, other virtual machines included. */
export function othersShare(before: CpuReading, after: CpuReading): number {
  const [totalMs, busyMs] = [after.totalMs - before.totalMs, after.busyMs - before.busyMs];
  return totalMs > 0 ? Math.max(0, busyMs - (after.ownMs - before.ownMs)) / totalMs : 0;
}

export interface Measured<T> {
  readonly value: T;
  readonly others: number;
  readonly tries: number;
}

/** Measures again while it is noisy, a bounded number of times. Resolves with the quietest. */
export async function quietest<T>(measure: () => Promise<T>, read: () => CpuReading): Promise<Measured<T>> {
  let best: Measured<T> | undefined;
  for (let tries = 1; ; tries += 1) {
    const before = read();
    const value = await measure();
    const others = othersShare(before, read());
    best = best === undefined || others < best.others ? { value, others, tries } : { ...best, tries };
    if (best.others <= noisyShare || tries === mostTries) return best;
  }
}

export function readCpu(): CpuReading {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  // A guest's time is part of the user time.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * 10);
  const busyMs = user + nice + system + irq + softirq + steal;
  return { totalMs: busyMs + idle + iowait, busyMs, ownMs: treesCpuMs([process.pid]) };
}

/** The CPU time of these processes and all that they started, also of those that ended and were waited for. */
export function treesCpuMs(pids: readonly number[]): number {
  return trees(pids).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

export function treesRssMib(pids: readonly number[]): number {
  return trees(pids).reduce((sum, { pid }) => sum + rssKib(pid), 0) / 1_024;
}

/** These processes and all that they started, parents before children. */
export function treesOf(pids: readonly number[]): number[] {
  return trees(pids).map(({ pid }) => pid);
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
}

function trees(pids: readonly number[]): ProcessStat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found = all.filter(({ pid }) => pids.includes(pid));
  // The list grows while it is walked.
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function statOf(pid: number): ProcessStat[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    // utime, stime, and both of the children that were waited for.
    return [{ pid, parent, cpuMs: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) * 10 }];
  } catch {
    // The process has ended meanwhile.
    return [];
  }
}
