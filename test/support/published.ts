import { readFile } from 'node:fs/promises';
import { repositoryOf } from '../../dev/packaging/repository.ts';
import manifest from '../../package.json' with { type: 'json' };

/**
 * Pages that name what is published: by the repository's address and the version, which package.json declares. `npm run
 * docs` writes both into the pages; a test compares.
 */
export const publishedPages = ['docs/in-ci.md', 'docs/releasing.md'] as const;

export async function renderPublished(path: (typeof publishedPages)[number]): Promise<string> {
  const { version } = manifest;
  const { name } = repositoryOf(manifest);
  const text = await readFile(path, 'utf8');
  return text
    .replaceAll(/(uses: )\S+(?=\/\.github\/actions\/check@)/g, `$1${name}`)
    .replaceAll(/(\b(?:https:\/\/github\.com|ghcr\.io)\/|--repo )[\w.-]+\/sealane/g, `$1${name}`)
    .replaceAll(/(actions\/check@v|rev: v|sealane@)\d[\w.-]*/g, `$1${version}`);
}
