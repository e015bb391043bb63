import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packSealane, type Packed } from '../support/release/packed.ts';
import { runAction, type Outcome } from '../support/release/workflow-step.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** The composite action, with the package of this checkout in the place of the published one. */
const action = join(import.meta.dirname, '../../.github/actions/check');
const good = 'services:\n  web:\n    image: web\n    labels: { sealane.listen: "8080", sealane.port: "80" }\n';
const bad = good.replace('listen', 'lisen');

let packed: Packed;
beforeAll(async () => void (packed = await packSealane()));
afterAll(() => packed[Symbol.asyncDispose]());

function check(
  workspace: TempFolder,
  inputs: Readonly<Record<string, string>> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const summary = { GITHUB_STEP_SUMMARY: join(workspace.path, 'summary.md') };
  return runAction({
    action,
    workspace: workspace.path,
    inputs: { package: packed.tarball, ...inputs },
    environment: { ...packed.environment, ...summary, ...environment },
  });
}

describe('the action check', () => {
  it('annotates a mistake at its line, by the path in the repository, and lists it in the summary', async () => {
    await using workspace = await tempFolder();
    await mkdir(join(workspace.path, 'shop'));
    await workspace.write('shop/compose.yaml', bad);
    const { code, stdout } = await check(workspace, { 'working-directory': 'shop' });
    expect(stdout).toMatch(
      /^::error file=shop\/compose\.yaml,line=4,col=15,title=label-unknown::web: unknown label .*\n$/,
    );
    expect(code).toBe(1);
    const summary = await readFile(join(workspace.path, 'summary.md'), 'utf8');
    expect(summary).toMatch(/^### sealane check\n\n {4}compose\.yaml:4:15: web: unknown label/);
    expect(summary).toContain('    1 problem (1 service, 1 with labels');
  });

  it('says nothing of a good file, and merges several with further arguments, whatever their names hold', async () => {
    await using workspace = await tempFolder();
    await workspace.write('compose.yaml', good);
    expect(await check(workspace)).toMatchObject({ code: 0, stdout: '' });
    await workspace.write("-a '$(touch x) b.yaml", good.replace('8080', '${PORT:?}'));
    await workspace.write('over.yaml', 'services: { web: { labels: { sealane.hold: never } } }\n');
    await workspace.write('ports.env', 'PORT=8080\n');
    const inputs = { files: "-a '$(touch x) b.yaml\nover.yaml\n", arguments: '--dotenv=ports.env\n' };
    const { code, stdout } = await check(workspace, inputs);
    expect(stdout).toMatch(/^::error file=over\.yaml,line=1,col=\d+,title=label-malformed::.*\n$/);
    expect(code).toBe(1);
  });

  it('fails with 2 where there is no compose file, and annotates one that can’t be used', async () => {
    await using workspace = await tempFolder();
    expect(await check(workspace)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^sealane: /) });
    await workspace.write('compose.yaml', 'services: [');
    expect(await check(workspace)).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^::error file=compose\.yaml,line=1,col=\d+,title=compose-invalid::/),
    });
  });

  it('takes a newer Node from the runner’s tools where the first one is too old, or says what to add', async () => {
    await using workspace = await tempFolder();
    await workspace.write('compose.yaml', bad);
    await using old = await tempFolder();
    // No Node is so old in this place: it can't run the question for its version.
    await writeFile(join(old.path, 'node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const path = { PATH: `${old.path}:${process.env['PATH'] ?? ''}` };
    const refused = await check(workspace, {}, { ...path, RUNNER_TOOL_CACHE: join(old.path, 'tools') });
    expect(refused.stderr).toMatch(
      /^sealane: needs Node 22\.12 or newer; in a workflow, add actions\/setup-node .*\n$/,
    );
    expect(refused.code).toBe(2);
    const node = join(old.path, 'tools/node/26.0.0/x64');
    await mkdir(node, { recursive: true });
    await symlink(dirname(process.execPath), join(node, 'bin'));
    const { code, stdout } = await check(workspace, {}, { ...path, RUNNER_TOOL_CACHE: join(old.path, 'tools') });
    expect(stdout).toMatch(/^::error file=compose\.yaml,line=4/);
    expect(code).toBe(1);
  });
});
