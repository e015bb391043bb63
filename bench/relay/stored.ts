import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toChart, toWords } from './chart.ts';
import { parseRun, type RecordedRun } from './recorded-run.ts';
import { toMarkdown } from './table.ts';

/**
 * The runs in bench/results/relay/, and what is rendered from one of them: the chart and the table beside that folder, and
 * the chart's words where a page shows it.
 */
const root = new URL('../../', import.meta.url).pathname;
const results = join(root, 'bench/results');
export const runsFolder = join(results, 'relay');

export async function storedRun(file: string): Promise<RecordedRun> {
  return parseRun(await readFile(file, 'utf8'));
}

/** Paths of the stored runs, the latest last. */
export async function storedRuns(): Promise<string[]> {
  const names = (await readdir(runsFolder)).filter((name) => name.endsWith('.jsonl'));
  return names.toSorted().map((name) => join(runsFolder, name));
}

/** The content of each file that shows a run, by path. */
export async function rendered(run: RecordedRun): Promise<ReadonlyMap<string, string>> {
  const pages = ['README.md', 'docs/comparison.md'].map(async (page) => {
    const path = join(root, page);
    const text = await readFile(path, 'utf8');
    return [path, text.replace(/!\[[^\]]*\](?=\([^)]*relay\.svg\))/, () => `![${toWords(run)}]`)] as const;
  });
  return new Map([
    [join(results, 'relay.svg'), toChart(run)],
    [join(results, 'relay.md'), toMarkdown(run)],
    ...(await Promise.all(pages)),
  ]);
}
