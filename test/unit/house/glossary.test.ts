import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The table of docs/glossary.md: a word, its meaning, and its folder. */
const top = join(import.meta.dirname, '../../..');
const entries = [
  ...readFileSync(join(top, 'docs/glossary.md'), 'utf8').matchAll(/^\| (.+) \| (.+) \| `(.+)` \|$/gm),
].map(([, word = '', meaning = '', folder = '']) => ({ word, meaning, folder }));

test('the glossary has 37 words, each with a meaning in one or two sentences', () => {
  expect(entries).toHaveLength(37);
  for (const { word, meaning } of entries) expect(meaning, word).toMatch(/^[A-Z][^.]+\.( [A-Z][^.]+\.)?$/);
});

test('the words of the glossary are in alphabetical order, none twice', () => {
  const words = entries.map(({ word }) => word);
  expect(words).toEqual([...new Set(words)].toSorted());
});

test('each folder that the glossary names exists', () => {
  const missing = entries.filter(
    ({ folder }) => !statSync(join(top, folder), { throwIfNoEntry: false })?.isDirectory(),
  );
  expect(missing).toEqual([]);
});
