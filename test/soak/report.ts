import type { Outcome } from './run-scenario.ts';
import type { Verdict } from './verdict.ts';

/**
 * Renders the outcomes as a table. `longest` and `p99`: from the connect to the whole answer; `held`: the longest time
 * that Sealane held and dialed; `moved`: long-lived connections that ended with their replica and were replaced at
 * once.
 */
const columns: readonly { readonly title: string; readonly cell: (outcome: Outcome) => string }[] = [
  { title: 'scenario', cell: ({ title }) => title },
  { title: 'rounds', cell: ({ rounds }) => String(rounds) },
  { title: 'connections', cell: ({ connections }) => String(connections) },
  { title: 'failed', cell: ({ failed }) => String(failed.length) },
  { title: 'unavoidable', cell: ({ unavoidable }) => String(unavoidable.length) },
  { title: 'longest ms', cell: ({ longestWaitMs }) => longestWaitMs.toFixed(0) },
  { title: 'held ms', cell: ({ longestHeldMs }) => longestHeldMs.toFixed(0) },
  { title: 'p99 ms', cell: ({ p99WaitMs }) => p99WaitMs.toFixed(1) },
  { title: 'moved', cell: ({ moved }) => String(moved) },
  { title: 'longest message ms', cell: ({ longestMessageMs }) => longestMessageMs.toFixed(0) },
];

export function table(outcomes: readonly Outcome[]): string {
  const rows = [columns.map(({ title }) => title), ...outcomes.map((one) => columns.map(({ cell }) => cell(one)))];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  );
  return [...lines, ...outcomes.flatMap(remarks)].join('\n');
}

export function isGood({ failed, abortReason }: Outcome): boolean {
  return failed.length === 0 && abortReason === undefined;
}

function remarks({ name, failed, unavoidable, abortReason }: Outcome): string[] {
  return [
    ...(abortReason === undefined ? [] : [`${name}: aborted: ${abortReason}`]),
    ...reasons(failed).map((reason) => `${name}: failed: ${reason}`),
    ...reasons(unavoidable).map((reason) => `${name}: unavoidable: ${reason}`),
  ];
}

function reasons(verdicts: readonly Verdict[]): string[] {
  return [...Map.groupBy(verdicts, ({ why }) => why)].map(([why, same]) => `${same.length} × ${why}`);
}

/** The outcome as JSON: each reason with its count and up to ten pieces of evidence. */
export function forMachines({ failed, unavoidable, ...outcome }: Outcome): object {
  return { ...outcome, failed: counted(failed), unavoidable: counted(unavoidable) };
}

function counted(verdicts: readonly Verdict[]): object[] {
  return [...Map.groupBy(verdicts, ({ why }) => why)].map(([why, same]) => ({
    why,
    count: same.length,
    evidence: same.slice(0, 10).map(({ evidence }) => evidence),
  }));
}
