/**
 * The repository's address, which stands in one place: `repository.url` of package.json. Until the owner has put theirs
 * there, it has the placeholder `OWNER`.
 */
export interface Repository {
  /** `OWNER/sealane`. */
  readonly name: string;
  /** The page of the repository. */
  readonly page: string;
  readonly isPlaceholder: boolean;
}

const placeholder = 'OWNER';

/** @throws Error where the address is not one of a repository on GitHub */
export function repositoryOf(manifest: { readonly repository: { readonly url: string } }): Repository {
  const { url } = manifest.repository;
  const [, owner, project] = /^git\+https:\/\/github\.com\/([\w.-]+)\/([\w.-]+)\.git$/.exec(url) ?? [];
  if (owner === undefined) {
    throw new Error(`repository.url in package.json is ${url}, and not git+https://github.com/OWNER/NAME.git`);
  }
  const name = `${owner}/${project}`;
  return { name, page: `https://github.com/${name}`, isPlaceholder: owner === placeholder };
}
