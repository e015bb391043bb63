import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { longestFiles } from '../../support/longest-first.ts';

test.each(longestFiles)('%s, which starts first, is there', (file) => {
  expect(existsSync(new URL(`../../../${file}`, import.meta.url))).toBe(true);
});
