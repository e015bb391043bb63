import { basename } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rendered, storedRun, storedRuns } from '../../../bench/relay/stored.ts';

const files = await storedRuns();

test.each(files)('%s is one run of one build, which the name says', async (file) => {
  const { about, cells } = await storedRun(file);
  const begun = about.date.slice(0, 16).replace(':', '');
  expect(basename(file)).toBe(`${begun}-${about.commit.slice(0, 7)}.jsonl`);
  expect(cells).not.toEqual([]);
});

test('README, the comparison, the chart and the table show the latest stored run: `npm run bench:chart`', async () => {
  const latest = await storedRun(files.at(-1) ?? expect.fail('no run is stored'));
  for (const [path, content] of await rendered(latest)) expect(await readFile(path, 'utf8')).toBe(content);
});
