import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runToEnd } from '../support/release/workflow-step.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * The scripts of the release workflow, on a checkout of the given version. What reaches a registry or GitHub is printed
 * instead of run.
 */
const root = join(import.meta.dirname, '../..');

async function checkoutOf(version: string): Promise<TempFolder> {
  const folder = await tempFolder();
  await cp(join(root, 'dev/packaging'), join(folder.path, 'dev/packaging'), { recursive: true });
  const manifest = await readFile(join(root, 'package.json'), 'utf8');
  await folder.write('package.json', manifest.replace(/^ {2}"version": ".*"/m, `  "version": "${version}"`));
  await folder.write('CHANGELOG.md', `# Changelog\n\n## [${version}] - 2026-12-01\n\n- See [docs](docs/swap.md).\n`);
  for (const args of [
    ['init', '--quiet'],
    ['add', '--all'],
    ['-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'Release'],
  ]) {
    expect(await runToEnd('git', args, { cwd: folder.path })).toMatchObject({ code: 0 });
  }
  return folder;
}

function run(folder: TempFolder, script: string, args: readonly string[], version: string) {
  return runToEnd(join(folder.path, 'dev/packaging', script), args, {
    cwd: folder.path,
    env: {
      ...process.env,
      DRY_RUN: '1',
      GITHUB_OUTPUT: join(folder.path, 'output'),
      GITHUB_REF_NAME: `v${version}`,
      GITHUB_REPOSITORY: 'Acme/Sealane',
      GITHUB_SERVER_URL: 'https://github.com',
    },
  });
}

it.each([
  ['1.2.3', ['1.2.3', '1.2', 'latest']],
  ['1.2.3-rc.1', ['1.2.3-rc.1']],
])('the image of %s gets the tags %j, is signed by its digest, and carries its commit', async (version, tags) => {
  await using folder = await checkoutOf(version);
  const built = await run(folder, 'publish-image.sh', ['part', 'digests'], version);
  expect(built).toMatchObject({ code: 0, stderr: '' });
  expect(built.stdout).toMatch(
    /^\+ docker buildx build \. --build-arg VERSION=\S+ --build-arg REVISION=[0-9a-f]{40} --build-arg SOURCE_DATE_EPOCH=\d{10} --build-arg SOURCE=https:\/\/github\.com\/Acme\/Sealane .*name=ghcr\.io\/acme\/sealane,/m,
  );
  await folder.write('digests/x86_64', 'sha256:a\n');
  await folder.write('digests/aarch64', 'sha256:b\n');
  const joined = await run(folder, 'publish-image.sh', ['join', 'digests'], version);
  const given = [...joined.stdout.matchAll(/--tag ghcr\.io\/acme\/sealane:(\S+)/g)].map(([, tag]) => tag);
  expect(given).toEqual(tags);
  expect(joined.stdout).toMatch(
    /(?: ghcr\.io\/acme\/sealane@sha256:[ab]){2}\n\+ cosign sign --yes --recursive \S+@sha256:/,
  );
  expect(await readFile(join(folder.path, 'output'), 'utf8')).toMatch(/^name=ghcr\.io\/acme\/sealane\ndigest=sha256:/);
});

it.each([
  ['1.2.3', false],
  ['1.2.3-rc.1', true],
])('the page of %s has notes, checksums and executables; it is a candidate’s: %j', async (version, isCandidate) => {
  await using folder = await checkoutOf(version);
  await mkdir(join(folder.path, 'release'));
  expect(await run(folder, 'write-notes.sh', ['release/notes.md'], version)).toMatchObject({ code: 0 });
  expect(await readFile(join(folder.path, 'release/notes.md'), 'utf8')).toBe(
    `- See [docs](https://github.com/Acme/Sealane/blob/v${version}/docs/swap.md).\n`,
  );
  for (const name of ['linux-x64', 'linux-arm64']) await folder.write(`release/sealane-${name}`, name);
  expect(await run(folder, 'write-checksums.sh', ['release'], version)).toMatchObject({ code: 0 });
  const published = await run(folder, 'publish-release.sh', ['release'], version);
  expect(published).toMatchObject({ code: 0, stderr: '' });
  expect(published.stdout).toContain(`gh release create v${version} --repo Acme/Sealane`);
  expect(published.stdout).toContain('release/sealane-linux-arm64 release/sealane-linux-x64 release/SHA256SUMS');
  expect(published.stdout.includes('--prerelease')).toBe(isCandidate);
  // A file that changed on its way is not published.
  await writeFile(join(folder.path, 'release/sealane-linux-x64'), 'other');
  expect((await run(folder, 'publish-release.sh', ['release'], version)).code).toBe(1);
});
