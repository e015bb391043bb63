import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { apiPath, renderApi } from '../../support/api-page.ts';
import { decisionsPath, renderDecisions } from '../../support/decisions-page.ts';
import { referencePages } from '../../support/reference-pages.ts';
import { optionNames } from '../../../src/config/options/route-options.ts';

test.each([[decisionsPath, renderDecisions], [apiPath, renderApi], ...Object.entries(referencePages)])(
  '%s is what its declarations say (npm run docs writes it)',
  async (path, render) => {
    expect(await readFile(path, 'utf8')).toBe(await render());
  },
);

test('each label has a heading of its own', () => {
  const headings = referencePages['docs/reference/labels.md']().matchAll(/^### `sealane\.(.+)`$/gm);
  expect([...headings].map(([, name]) => name)).toEqual(optionNames);
});
