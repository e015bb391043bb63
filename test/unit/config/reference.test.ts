import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { referencePath, renderReference } from '../../support/reference.ts';

it('the label and settings reference is what the schemas say (npm run docs writes it)', async () => {
  expect(await readFile(referencePath, 'utf8')).toBe(renderReference());
});
