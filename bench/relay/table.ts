import { noisyShare } from './load.ts';
import { titleOf } from './peers.ts';
import { describeRun, type Measure, type RecordedRun } from './recorded-run.ts';
import { rows } from './rows.ts';
import { isNoisy, summarize, type RatioOfPeers, type SummarizedRow } from './summary.ts';

/**
 * Writes one run as Markdown that reads well in a terminal, too: each row and measure is a line, each peer a column. Pure.
 */
export function toMarkdown(run: RecordedRun): string {
  const { about } = run;
  const peers = Object.keys(about.peers);
  const [first = '', ...others] = peers;
  const summary = summarize(run);
  const ratios = summary.map((line) => [
    ...nameOf(line, summary),
    ...others.map((peer) => mark(showRatio(line.ratios.get(peer), line.measure), line, [first, peer])),
  ]);
  const medians = summary.map((line) => [
    ...nameOf(line, summary),
    ...peers.map((peer) => mark(digits(line.medians.get(peer)), line, [peer])),
  ]);
  return `# ${titleOf(first)} beside others

Medians of ${describeRun(about)}, ${about.cpu}.
${about.note === undefined ? '' : `${about.note}\n`}
${peers.map((peer) => `- ${titleOf(peer)} ${about.peers[peer]}`.trimEnd()).join('\n')}

${noiseOf(run)}
An asterisk marks a peer of which a round is noisy or missing.

## ${titleOf(first)} ÷ each

The median of the ratios within each round, and their range. Bold: at least as good as the other.

${grid(others.map(titleOf), ratios)}

## Medians

${grid(peers.map(titleOf), medians)}
`;
}

function noiseOf({ cells }: RecordedRun): string {
  const most = Math.max(0, ...cells.map(({ others }) => others));
  const [noisy, again] = [cells.filter(isNoisy).length, cells.filter(({ tries }) => tries > 1).length];
  return `Other processes used up to ${percent(most)} of the machine's CPU time. ${again} of ${cells.length} cells were measured again because it was
more than ${percent(noisyShare)}, and ${noisy} remained noisy.`;
}

/** The title stands in a row's first line only. */
function nameOf(line: SummarizedRow, all: readonly SummarizedRow[]): [title: string, measure: string] {
  const { row, measure } = line;
  const units = rows[row]?.units;
  const measureNames: Readonly<Record<Measure, string>> = {
    ...{ rate: units?.rate ?? 'rate', cpu: `CPU, ${units?.cpu}`, p50Ms: 'p50, ms', p99Ms: 'p99, ms' },
    ...{ bulkRate: 'the stream, GB/s', rssMib: 'memory, MiB' },
  };
  const isFirst = all.find((one) => one.row === row) === line;
  return [isFirst ? (rows[row]?.title ?? row) : '', measureNames[measure]];
}

function showRatio(ratio: RatioOfPeers | undefined, measure: Measure): string {
  if (ratio === undefined) return '';
  const [middle, low, high] = [ratio.median, ratio.low, ratio.high].map((value) => value.toFixed(2));
  const good = measure === 'rate' || measure === 'bulkRate' ? Number(middle) >= 1 : Number(middle) <= 1;
  const range = low === high ? '' : ` (${low}–${high})`;
  return `${good ? `**${middle}**` : middle}${range}`;
}

function mark(text: string, { doubtful }: SummarizedRow, peers: readonly string[]): string {
  return text !== '' && peers.some((peer) => doubtful.has(peer)) ? `${text} \\*` : text;
}

/** Three digits are more than two rounds of one relay agree in. */
export function digits(value: number | undefined): string {
  return value?.toLocaleString('en', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }) ?? '';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function grid(peers: readonly string[], lines: readonly (readonly string[])[]): string {
  const header = ['', '', ...peers];
  const widths = header.map((cell, column) =>
    Math.max(3, cell.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const format = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [format(header), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)].join('\n');
}
