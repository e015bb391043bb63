import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { expect, it } from 'vitest';
import { sectionOf } from '../../../dev/packaging/changelog.ts';
import { version } from '../../../src/version.ts';
import { manualPath, renderManual } from '../../support/manual.ts';

it('the manual page matches the commands (npm run docs writes it)', async () => {
  const date = sectionOf(await readFile('CHANGELOG.md', 'utf8'), version)?.date ?? '';
  expect(await readFile(manualPath, 'utf8')).toBe(renderManual(date));
});

it('takes no text for a request to roff, and shows each character as it is', () => {
  const program = new Command('sealane');
  program
    .command('odd')
    .description("'begins with a quote")
    .argument('<name>', '.so /etc/passwd')
    .addOption(new Option('--path <a\\b>', 'It ends. .br "→"'))
    .addOption(new Option('--secret').hideHelp());
  const page = renderManual('', program);
  const requests = page
    .split('\n')
    .filter((line) => /^[.']/.test(line) && !/^\.(?:\\"|[A-Z]{1,2} |br$|TP$)/.test(line));
  expect(requests).toEqual([]);
  expect(page).toContain("\\&'begins with a quote.");
  expect(page).toContain('\\&.so /etc/passwd.');
  expect(page).toContain(String.raw`.B \-\-path <a\eb>`);
  expect(page).toContain(String.raw`\&.br "\[u2192]".`);
  expect(page).not.toContain('secret');
});
