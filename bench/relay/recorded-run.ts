import { z } from 'zod';

/**
 * A run as it is stored: a line of JSON that says what was measured, where and how, then a line for each cell (a row, a
 * peer, a round) in the order of measurement. Refuses lines of more than one run. Pure.
 */
const aboutSchema = z.strictObject({
  /** When the run began. */
  date: z.iso.datetime(),
  /** The commit of the build that was measured, and whether it had changes. */
  commit: z.string(),
  dirty: z.boolean(),
  node: z.string(),
  kernel: z.string(),
  cpu: z.string(),
  cores: z.int().positive(),
  arch: z.string(),
  rounds: z.int().positive(),
  seconds: z.number().positive(),
  workers: z.int().positive(),
  /** The version of each peer. */
  peers: z.record(z.string(), z.string()),
  /** What else a reader has to know. */
  note: z.string().optional(),
});

const maybe = z.number().optional();
const sampleSchema = z.strictObject({
  rate: maybe,
  /** Of the peer's processes, for each unit of work. For this and all that follow but `bulkRate`, less is better. */
  cpu: maybe,
  p50Ms: maybe,
  p99Ms: maybe,
  /** Of the stream beside the requests, in GB/s. */
  bulkRate: maybe,
  rssMib: maybe,
});

export type Sample = Readonly<z.infer<typeof sampleSchema>>;
export type Measure = keyof Sample;
export const measures: readonly Measure[] = sampleSchema.keyof().options;

const cellSchema = z.strictObject({
  row: z.string(),
  peer: z.string(),
  /** From 1 on. */
  round: z.int().positive(),
  /** The share of the machine's CPU time that other processes used meanwhile. */
  others: z.number(),
  /** How often the cell was measured; the quietest measurement is stored. */
  tries: z.int().positive(),
  ...sampleSchema.shape,
});

export type AboutRun = z.infer<typeof aboutSchema>;
export type MeasuredCell = z.infer<typeof cellSchema>;

export interface RecordedRun {
  readonly about: AboutRun;
  readonly cells: readonly MeasuredCell[];
}

export function runLine(about: AboutRun): string {
  return `${JSON.stringify({ run: about })}\n`;
}

/** Six digits are more than any two rounds agree in. */
export function cellLine(cell: MeasuredCell): string {
  const short = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(cell, short)}\n`;
}

/** @throws where the text is not one whole run */
export function parseRun(text: string): RecordedRun {
  const [first, ...lines] = text
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const { run: about } = z.strictObject({ run: aboutSchema }).parse(first);
  const seen = new Set<string>();
  const cells = lines.map((line) => {
    if (typeof line === 'object' && line !== null && 'run' in line) throw new Error('these are the rows of two runs');
    const cell = cellSchema.parse(line);
    const place = `${cell.row}, ${cell.peer}, round ${cell.round}`;
    if (seen.has(place) || cell.round > about.rounds || !(cell.peer in about.peers))
      throw new Error(`this run has no such cell, or has it twice: ${place}`);
    seen.add(place);
    return cell;
  });
  return { about, cells };
}

/** In one line. */
export function describeRun(about: AboutRun): string {
  const threads = about.workers === 1 ? '1 thread' : `${about.workers} threads`;
  const commit = `commit ${about.commit.slice(0, 7)}${about.dirty ? ' with changes' : ''}`;
  return [
    ...[`${about.rounds} rounds of ${about.seconds} s`, `${threads} each`, `${about.cores} cores (${about.arch})`],
    ...[`Linux ${about.kernel}`, `Node ${about.node}`, commit, about.date.slice(0, 10)],
  ].join(', ');
}
