import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** The script that checks a page's accessibility. A page that blocks other scripts must be opened with `bypassCsp`. */
export async function injectAxe(page: Page): Promise<void> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
}

/** What the page violates now: each rule with the first element that breaks it. What is in order is not worked out. */
export async function axeViolations(page: Page): Promise<string[]> {
  const options: RunOptions = { resultTypes: ['violations'] };
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
