import { readFile } from 'node:fs/promises';
import { repositoryOf } from '../../dev/packaging/repository.ts';
import manifest from '../../package.json' with { type: 'json' };

/**
 * The docs show how workflows and hooks name Sealane: by the repository's address and the version, which package.json
 * declares. `npm run docs` writes both into the page; a test compares.
 */
export const inCiPath = 'docs/in-ci.md';

export async function renderInCi(): Promise<string> {
  const { version } = manifest;
  const { name, page } = repositoryOf(manifest);
  const text = await readFile(inCiPath, 'utf8');
  return text
    .replaceAll(/uses: \S+(?=\/\.github\/actions\/check@)/g, `uses: ${name}`)
    .replaceAll(/actions\/check@\S+/g, `actions/check@v${version}`)
    .replaceAll(/repo: https:\S+/g, `repo: ${page}`)
    .replaceAll(/rev: v\S+/g, `rev: v${version}`)
    .replaceAll(/sealane@\d[^\s`]*/g, `sealane@${version}`);
}
