import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { referencePath, renderReference } from '../../support/reference.ts';

it('the reference of labels and settings matches the schemas (npm run docs writes it)', async () => {
  expect(await readFile(referencePath, 'utf8')).toBe(renderReference());
});
