import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { anchorsOf, linksOf } from './markdown.ts';
import { pageFiles, pathOf } from './pages.ts';
import { repositoryUrl, root } from './repository.ts';

/**
 * What links between files of the repository lead to. A link is dead where its file does not exist, or its page has no
 * heading of that name.
 */
type Destination =
  | { readonly kind: 'external' }
  | { readonly kind: 'page' | 'image'; readonly file: string; readonly anchor: string }
  | { readonly kind: 'file' | 'folder'; readonly file: string; readonly anchor: string }
  | { readonly kind: 'dead'; readonly reason: string };

const pages = new Set(pageFiles);
const anchors = new Map<string, ReadonlySet<string>>();

/** The dead links of a page, one line each. */
export function deadLinks(file: string, page: string): string[] {
  return linksOf(page).flatMap(({ target, start }) => {
    const found = destinationOf(file, target);
    if (found.kind !== 'dead') return [];
    return [`${file}:${page.slice(0, start).split('\n').length}: ${target}: ${found.reason}`];
  });
}

/** The link's target as it is on the site: another page, an image beside it, or a file on the forge. */
export function siteTarget(file: string, target: string): string {
  const found = destinationOf(file, target);
  switch (found.kind) {
    case 'external':
    case 'dead':
      return target;
    case 'page':
    case 'image':
      return found.file === file ? found.anchor : `${relative(pathOf(file), pathOf(found.file))}${found.anchor}`;
    case 'file':
    case 'folder':
      return `${repositoryUrl}/${found.kind === 'file' ? 'blob' : 'tree'}/main/${found.file}${found.anchor}`;
  }
}

export function isImage(file: string): boolean {
  return /\.(svg|webp|png)$/.test(file);
}

/** The files of this repository that the page links to. */
export function linkedFiles(file: string, page: string): string[] {
  const found = linksOf(page).map(({ target }) => destinationOf(file, target));
  return found.flatMap((destination) => ('file' in destination ? [destination.file] : []));
}

function destinationOf(from: string, target: string): Destination {
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(target)) return { kind: 'external' };
  const [, path = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(target) ?? [];
  const asked = path === '' ? from : posix.normalize(posix.join(posix.dirname(from), decodeURI(path)));
  if (asked.startsWith('..') || path.startsWith('/')) return { kind: 'dead', reason: 'is outside of the repository' };
  if (!existsSync(posix.join(root, asked))) return { kind: 'dead', reason: 'does not exist' };
  const isFolder = statSync(posix.join(root, asked)).isDirectory();
  const readme = posix.join(asked, 'README.md');
  const file = isFolder && pages.has(readme) ? readme : asked.replace(/\/$/, '');
  if (anchor !== '' && file.endsWith('.md') && !anchorsIn(file).has(anchor.slice(1)))
    return { kind: 'dead', reason: `${file} has no heading for ${anchor}` };
  if (pages.has(file)) return { kind: 'page', file, anchor };
  if (isImage(file)) return { kind: 'image', file, anchor };
  return { kind: isFolder ? 'folder' : 'file', file, anchor };
}

function anchorsIn(file: string): ReadonlySet<string> {
  const known = anchors.get(file) ?? anchorsOf(readFileSync(posix.join(root, file), 'utf8'));
  anchors.set(file, known);
  return known;
}

function relative(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}
