import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import manifest from '../../../../package.json' with { type: 'json' };
import { npmManifest, npmReadme } from '../../../../dev/packaging/npm-page.ts';
import { releaseFaults } from '../../../../dev/packaging/release-faults.ts';
import { repositoryOf } from '../../../../dev/packaging/repository.ts';

const ours = { version: '0.1.0', repository: { url: 'git+https://github.com/anna/sealane.git' } };

describe('the package’s page', () => {
  it('leads to the files of its version at the repository', () => {
    const readme = [
      '[docs](docs/engines.md#podman), [here](#install), [there](https://example.org/a), `[code](docs/a.md)`',
      '![a picture](docs/a.webp) [![badge](b.svg)](docs/b.md)',
      '<source srcset="docs/dark.webp"><img src="docs/light.webp"> <a href="LICENSE">',
      '```\n[code](docs/a.md)\n```',
    ].join('\n');
    const link = 'https://github.com/anna/sealane/blob/v0.1.0';
    const picture = 'https://raw.githubusercontent.com/anna/sealane/v0.1.0';
    expect(npmReadme(readme, ours).split('\n')).toEqual([
      `[docs](${link}/docs/engines.md#podman), [here](#install), [there](https://example.org/a), \`[code](docs/a.md)\``,
      `![a picture](${picture}/docs/a.webp) [![badge](${picture}/b.svg)](${link}/docs/b.md)`,
      `<source srcset="${picture}/docs/dark.webp"><img src="${picture}/docs/light.webp"> <a href="${link}/LICENSE">`,
      '```',
      '[code](docs/a.md)',
      '```',
    ]);
  });

  it('has no link of the README that leads nowhere, and the addresses of the repository', async () => {
    const page = npmReadme(await readFile('README.md', 'utf8'), manifest);
    const targets = [...page.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(([, a, b]) => a ?? b);
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.filter((target) => !/^(?:https:|#)/.test(target ?? ''))).toEqual([]);
    expect(npmManifest(ours)).toMatchObject({
      homepage: 'https://github.com/anna/sealane#readme',
      bugs: { url: 'https://github.com/anna/sealane/issues' },
    });
  });
});

describe('the check before a release', () => {
  const changelog = '# Changelog\n\n## [0.1.0] - 2026-12-01\n\n- All of it.\n';
  const check = (changes: Partial<Parameters<typeof releaseFaults>[0]>): readonly string[] =>
    releaseFaults({ manifest: ours, changelog, environment: {}, ...changes });

  it('passes a version with an address, a section of the changelog, and its tag', () => {
    const environment = { GITHUB_REPOSITORY: 'anna/sealane', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v0.1.0' };
    expect(check({ environment })).toEqual([]);
    expect(check({ environment: { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' } })).toEqual([]);
  });

  it('names what is missing', () => {
    expect(check({ manifest: { ...ours, repository: { url: 'git+https://github.com/OWNER/sealane.git' } } })).toEqual([
      'repository.url in package.json still has the placeholder: git+https://github.com/OWNER/sealane.git',
    ]);
    const environment = { GITHUB_REPOSITORY: 'ben/fork', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v0.1.1' };
    expect(check({ environment, changelog: '## [Unreleased]\n' })).toEqual([
      'repository.url in package.json names anna/sealane, and this is ben/fork',
      'the tag is v0.1.1, and package.json has 0.1.0',
      'CHANGELOG.md has no section "## [0.1.0] - YYYY-MM-DD"',
    ]);
    expect(check({ manifest: { ...ours, version: '99.0.0' } }).at(-1)).toMatch(/^.* is to be removed in \d/);
  });

  it('reads the address in package.json', () => {
    expect(repositoryOf(manifest).name).toMatch(/^[\w.-]+\/[\w.-]+$/);
    expect(() => repositoryOf({ repository: { url: 'https://example.org/a' } })).toThrow('repository.url');
  });
});
