import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toChart } from '../../../bench/relay/chart.ts';
import type { RowResult } from '../../../bench/relay/report.ts';
import { projectRoot } from '../../../dev/images/sealane-image.ts';

const folder = join(projectRoot, 'bench/results');
const recorded: unknown = JSON.parse(await readFile(join(folder, 'relay.json'), 'utf8'));
const { about, results } = recorded as { about: string; results: readonly RowResult[] };

test('bench/results/relay.svg shows the recorded figures; `npx vitest -u` draws it anew', async () => {
  await expect(toChart(results, about)).toMatchFileSnapshot(join(folder, 'relay.svg'));
});

test('a relay that was not measured, and a name that is markup, do no harm to the chart', () => {
  const [first] = results;
  const chart = toChart(first ? [{ ...first, figures: first.figures.slice(0, 1) }] : [], '<script>&');
  expect(chart).toContain('Medians of &lt;script>&amp;');
  expect(chart).not.toContain('NaN');
});
