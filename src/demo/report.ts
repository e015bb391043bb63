import { compareNatural } from '../text/natural-order.ts';

/**
 * Renders the results of a phase of the tour as lines of text. Pure.
 */
export interface PhaseTally {
  readonly made: number;
  /** The longest time in milliseconds from the start of a connection to the end of its answer. */
  readonly longestMs: number;
  /** The number of answered connections, by replica. */
  readonly spread: ReadonlyMap<string, number>;
  /** The number of failed connections, by reason. */
  readonly failures: ReadonlyMap<string, number>;
}

const barWidth = 30;

export function failedIn(tally: PhaseTally): number {
  return sum(tally.failures);
}

/** A line such as `304 connections, 0 failed, longest wait 12 ms`, then a bar for each replica. */
export function phaseLines(tally: PhaseTally): string[] {
  const most = Math.max(1, ...tally.spread.values());
  const nameWidth = Math.max(0, ...[...tally.spread.keys()].map((name) => name.length));
  return [
    totalLine([tally]),
    ...[...tally.failures].map(([reason, count]) => `  failed ${count} times: ${reason}`),
    ...[...tally.spread]
      .toSorted(([a], [b]) => compareNatural(a, b))
      .map(([name, count]) => `  ${name.padEnd(nameWidth)}  ${bar(count / most)} ${count}`),
  ];
}

export function totalLine(tallies: readonly PhaseTally[]): string {
  const made = tallies.reduce((total, tally) => total + tally.made, 0);
  const failed = tallies.reduce((total, tally) => total + failedIn(tally), 0);
  const longest = Math.max(0, ...tallies.map((tally) => tally.longestMs));
  return `${made} connections, ${failed} failed, longest wait ${Math.round(longest)} ms`;
}

function bar(share: number): string {
  return '█'.repeat(Math.max(1, Math.round(share * barWidth))).padEnd(barWidth);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
