import { repositoryOf } from './repository.ts';

/**
 * What package.json and README.md say in the package, where they are apart from the repository: links and pictures lead
 * to the files of this version at the repository. Pure.
 */

/** The parts of package.json that this reads. */
interface Manifest {
  readonly version: string;
  readonly repository: { readonly url: string };
}

/** package.json with the addresses that follow from the repository's. */
export function npmManifest<const Given extends Manifest>(manifest: Given) {
  const { page } = repositoryOf(manifest);
  return { ...manifest, homepage: `${page}#readme`, bugs: { url: `${page}/issues` } };
}

/** README.md with absolute links and pictures; links within the page and code stay. */
export function npmReadme(readme: string, manifest: Manifest): string {
  const { name, page } = repositoryOf(manifest);
  const tag = `v${manifest.version}`;
  const link = (path: string): string => `${page}/blob/${tag}/${path}`;
  // The page of a picture is not the picture.
  const picture = (path: string): string => `https://raw.githubusercontent.com/${name}/${tag}/${path}`;
  return outsideOfCode(readme, (text) =>
    text
      .replaceAll(/(!\[[^\]]*\]\()([^)\s]+)/g, (_, before: string, to: string) => before + absolute(to, picture))
      .replaceAll(/(\]\()([^)\s]+)/g, (_, before: string, to: string) => before + absolute(to, link))
      .replaceAll(/(\b(?:src|srcset)=")([^"\s]+)/g, (_, before: string, to: string) => before + absolute(to, picture))
      .replaceAll(/(\bhref=")([^"\s]+)/g, (_, before: string, to: string) => before + absolute(to, link)),
  );
}

function absolute(target: string, make: (path: string) => string): string {
  return /^(?:#|\/|[a-z][a-z+.-]*:)/i.test(target) ? target : make(target);
}

function outsideOfCode(markdown: string, change: (text: string) => string): string {
  const code = /(^(?:```|~~~).*?^(?:```|~~~)$|`[^`\n]+`)/ms;
  return markdown
    .split(code)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}
