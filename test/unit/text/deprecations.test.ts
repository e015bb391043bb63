import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { deprecations, overdue } from '../../../src/deprecations.ts';
import { version } from '../../../src/version.ts';

it('nothing deprecated has outlived the version that was to remove it', () => {
  expect(overdue(version)).toEqual([]);
});

it('what is deprecated is overdue from the version on that no longer has it', () => {
  const declared = [{ kind: 'flag', name: '--old', use: '--new', removedIn: '0.10.0' }];
  const due = ['0.2.0', '0.9.9', '0.10.0-rc.1', '0.10.0', '0.10.1', '1.0.0'].map((at) => overdue(at, declared).length);
  expect(due).toEqual([0, 0, 1, 1, 1, 1]);
});

it('docs/versions.md lists what is deprecated, and nothing else', async () => {
  const page = await readFile('docs/versions.md', 'utf8');
  const rows = page.split('\n').filter((line) => /^\|.*\| \d+\.\d+\.\d+ \|$/.test(line));
  expect(rows).toEqual(
    Object.values(deprecations).map(
      ({ kind, name, use, removedIn }) => `| ${kind} | \`${name}\` | \`${use}\` | ${removedIn} |`,
    ),
  );
});
