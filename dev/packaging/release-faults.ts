import { overdue } from '../../src/deprecations.ts';
import { sectionOf } from './changelog.ts';
import { repositoryOf } from './repository.ts';

/** What a release is made of. */
interface ReleaseFacts {
  readonly manifest: { readonly version: string; readonly repository: { readonly url: string } };
  readonly changelog: string;
  /** GitHub's variables, where a workflow releases: https://docs.github.com/actions/reference/variables-reference */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What keeps this version from being released, one sentence each; nothing where it can be. Pure. */
export function releaseFaults({ manifest, changelog, environment }: ReleaseFacts): readonly string[] {
  const { version } = manifest;
  const repository = repositoryOf(manifest);
  const { GITHUB_REPOSITORY: here, GITHUB_REF_TYPE: kind, GITHUB_REF_NAME: tag } = environment;
  const faults: string[] = [];
  if (repository.isPlaceholder) {
    faults.push(`repository.url in package.json still has the placeholder: ${manifest.repository.url}`);
  } else if (here !== undefined && here !== repository.name) {
    faults.push(`repository.url in package.json names ${repository.name}, and this is ${here}`);
  }
  if (kind === 'tag' && tag !== `v${version}`) faults.push(`the tag is ${tag}, and package.json has ${version}`);
  if (sectionOf(changelog, version) === undefined)
    faults.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  for (const { name, removedIn } of overdue(version)) faults.push(`${name} is to be removed in ${removedIn}`);
  return faults;
}
