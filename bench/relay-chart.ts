import { writeFile } from 'node:fs/promises';
import { rendered, storedRun, storedRuns } from './relay/stored.ts';

/**
 * `npm run bench:chart`: renders the chart and the table of one stored run, the latest or the one whose path is given, and
 * the chart's words in README and docs/comparison.md.
 */
const file = process.argv[2] ?? (await storedRuns()).at(-1);
if (file === undefined) throw new Error('no run is stored: npm run bench -- --save');
for (const [path, content] of await rendered(await storedRun(file))) {
  await writeFile(path, content);
  process.stderr.write(`[bench] wrote ${path} from ${file}\n`);
}
