import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderManual } from '../support/manual.ts';
import { hasTool } from '../support/release/tools.ts';
import { runToEnd } from '../support/release/workflow-step.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * The tools that judge what no test of ours runs: workflows, forms, shell scripts and the manual page.
 */
const root = join(import.meta.dirname, '../..');
const quiet = { code: 0, stdout: '', stderr: '' };

function filesOf(...patterns: readonly string[]): readonly string[] {
  const found = globSync(patterns, { cwd: root });
  expect(found).not.toEqual([]);
  return found;
}

const schemas: readonly (readonly [schema: string, ...patterns: readonly string[]])[] = [
  ['vendor.github-workflows', '.github/workflows/*.yml'],
  ['vendor.github-actions', '.github/actions/*/action.yml'],
  ['vendor.dependabot', '.github/dependabot.yml'],
  ['vendor.github-issue-forms', '.github/ISSUE_TEMPLATE/{bug,idea}.yml'],
  ['vendor.github-issue-config', '.github/ISSUE_TEMPLATE/config.yml'],
];

describe.skipIf(!(await hasTool('actionlint')))('the workflows', () => {
  it('have no mistake that actionlint knows', async () => {
    expect(await runToEnd('actionlint', ['-no-color'], { cwd: root })).toEqual(quiet);
  });
});

describe.skipIf(!(await hasTool('zizmor')))('the workflows', () => {
  it('hand no right and no secret to what should not have it, as far as zizmor knows', async () => {
    const { code, stdout } = await runToEnd('zizmor', ['--offline', '--no-progress', '--quiet', '.github'], {
      cwd: root,
    });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No findings to report/) });
  });
});

describe.skipIf(!(await hasTool('check-jsonschema')))('the files that GitHub reads', () => {
  it.each(schemas)('have the form of %s', async (schema, ...patterns) => {
    const args = ['--builtin-schema', schema, ...filesOf(...patterns)];
    expect(await runToEnd('check-jsonschema', args, { cwd: root })).toMatchObject({ code: 0 });
  });
});

describe.skipIf(!(await hasTool('shellcheck')))('the shell scripts', () => {
  it('have no mistake that shellcheck knows', async () => {
    const files = filesOf('.ci/run', '{dev/packaging,image,test/support/release,.github/actions/*}/*.sh');
    expect(await runToEnd('shellcheck', files, { cwd: root })).toEqual(quiet);
  });
});

describe.skipIf(!(await hasTool('mandoc')) || !(await hasTool('groff')))('the manual page', () => {
  it('is read by mandoc and groff without a warning', async () => {
    await using folder = await tempFolder();
    const page = join(folder.path, 'sealane.1');
    await writeFile(page, renderManual('2026-11-29'));
    expect(await runToEnd('mandoc', ['-T', 'lint', '-W', 'style', page])).toEqual(quiet);
    expect(await runToEnd('groff', ['-man', '-ww', '-Tutf8', '-z', page])).toEqual(quiet);
    // The page of this checkout differs in its date, if at all.
    const withoutDate = (text: string): string => text.replace(/^\.TH SEALANE 1 "[^"]*"/m, '');
    const written = await readFile(join(root, 'docs/sealane.1'), 'utf8');
    expect(withoutDate(written)).toBe(withoutDate(await readFile(page, 'utf8')));
  });
});

describe.skipIf(!(await hasTool('systemd-analyze')))('the unit of systemd', () => {
  it('has no mistake, and leaves Sealane little that could do harm', async () => {
    await using folder = await tempFolder();
    const text = await readFile(join(root, 'docs/sealane.service'), 'utf8');
    // The program need not be installed where the test runs.
    const unit = await folder.write('sealane.service', text.replace('/usr/local/bin/sealane run', '/bin/true'));
    expect(await runToEnd('systemd-analyze', ['verify', '--man=no', unit])).toEqual(quiet);
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', unit];
    expect(await runToEnd('systemd-analyze', args)).toMatchObject({ code: 0 });
  });
});
