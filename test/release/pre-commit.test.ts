import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packSealane, type Packed } from '../support/release/packed.ts';
import { hasTool } from '../support/release/tools.ts';
import { runToEnd, type Outcome } from '../support/release/workflow-step.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** The hook, as pre-commit itself runs it from a clone of this repository, with the package of this checkout. */
const root = join(import.meta.dirname, '../..');
const good = 'services:\n  web:\n    image: web\n    labels: { sealane.listen: "8080", sealane.port: "80" }\n';

let packed: Packed;
beforeAll(async () => void (packed = await packSealane()));
afterAll(() => packed[Symbol.asyncDispose]());

async function git(folder: TempFolder, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runToEnd('git', args, { cwd: folder.path });
  if (code !== 0) throw new Error(stderr);
}

describe.skipIf(!(await hasTool('pre-commit')))('the hook of pre-commit', () => {
  it('fails for a mistake in the project’s labels, passes without, and is not run for other files', async () => {
    await using folder = await tempFolder();
    await using home = await tempFolder();
    const hook = async (): Promise<Outcome> => {
      await git(folder, 'add', '--all');
      const args = ['try-repo', root, 'sealane-check', '--all-files', '--verbose', '--color', 'never'];
      const env = { ...process.env, ...packed.environment, PRE_COMMIT_HOME: home.path };
      return runToEnd('pre-commit', args, { cwd: folder.path, env });
    };
    await git(folder, 'init', '--quiet');
    await folder.write('notes.md', 'Nothing to check.\n');
    const skipped = await hook();
    expect(skipped.stdout).toMatch(/sealane check\.+\(no files to check\)Skipped/);
    await folder.write('compose.yaml', good);
    await folder.write('compose.override.yaml', 'services: { web: { labels: { sealane.hold: never } } }\n');
    const failed = await hook();
    expect(failed.stdout).toMatch(/sealane check\.+Failed/);
    expect(failed.stdout).toContain('compose.override.yaml:1:');
    expect(failed.stdout).toContain('[label-malformed]');
    expect(failed.code).toBe(1);
    await folder.write('compose.override.yaml', 'services: { web: { labels: { sealane.hold: 10s } } }\n');
    const passed = await hook();
    expect(passed.stdout).toMatch(/sealane check\.+Passed/);
    expect(passed.code).toBe(0);
  });
});
