import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { decisionsPath, renderDecisions } from '../../support/decisions-page.ts';

test('the list of decisions has each of them (npm run docs writes it)', async () => {
  expect(await readFile(decisionsPath, 'utf8')).toBe(await renderDecisions());
});
