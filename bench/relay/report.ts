import type { Row, Sample } from './rows.ts';

/**
 * Summarizes samples as medians and ratios with their spread. Pure.
 */
interface Figure {
  readonly peer: string;
  readonly rate: number;
  readonly cpuPerUnit: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly p999Ms: number | undefined;
  readonly rssKib: number;
  /** The row's measure relative to the reference, round by round. Above 1: better than the reference. */
  readonly ratio: Spread | undefined;
}

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface RowResult {
  readonly row: string;
  readonly title: string;
  readonly rateUnit: string;
  readonly cpuUnit: string;
  readonly compares: Row['compares'];
  readonly figures: readonly Figure[];
}

const reference = 'haproxy';

export function summarize(name: string, row: Row, samples: ReadonlyMap<string, readonly Sample[]>): RowResult {
  const { title, rateUnit, cpuUnit, compares } = row;
  const theirs = samples.get(reference) ?? [];
  const measured = [...samples].filter(([, own]) => own.length > 0);
  const figures = measured.map(([peer, own]): Figure => ({
    peer,
    rate: median(own.map((one) => one.rate)),
    cpuPerUnit: median(own.map((one) => one.cpuPerUnit)),
    p50Ms: maybeMedian(own.map((one) => one.latency?.p50Ms)),
    p99Ms: maybeMedian(own.map((one) => one.latency?.p99Ms)),
    p999Ms: maybeMedian(own.map((one) => one.latency?.p999Ms)),
    rssKib: median(own.map((one) => one.rssKib)),
    ratio: spread(own.flatMap((one, round) => ratioOf(compares, one, theirs[round]))),
  }));
  return { row: name, title, rateUnit, cpuUnit, compares, figures };
}

function ratioOf(compares: Row['compares'], own: Sample, other: Sample | undefined): number[] {
  if (!other) return [];
  switch (compares) {
    case 'rate':
      return [own.rate / other.rate];
    case 'p99':
      return own.latency && other.latency ? [other.latency.p99Ms / own.latency.p99Ms] : [];
    case 'memory':
      return own.rssKib > 0 ? [other.rssKib / own.rssKib] : [];
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function maybeMedian(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** One row of the comparison as a table for the terminal. */
export function toTable(result: RowResult): string {
  const header = ['', result.rateUnit, result.cpuUnit, 'p50 ms', 'p99 ms', 'p99.9 ms', 'RSS MiB', `÷ ${reference}`];
  const lines = result.figures.map((one) => [
    one.peer,
    digits(one.rate),
    one.peer === 'direct' ? '' : digits(one.cpuPerUnit),
    digits(one.p50Ms),
    digits(one.p99Ms),
    digits(one.p999Ms),
    one.peer === 'direct' ? '' : digits(one.rssKib / 1024),
    one.ratio ? `${one.ratio.median.toFixed(2)} (${one.ratio.low.toFixed(2)}–${one.ratio.high.toFixed(2)})` : '',
  ]);
  const widths = header.map((cell, column) => Math.max(cell.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [result.title, format(header), ...lines.map(format)].join('\n');
}

function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
