import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What was found in the files of a built site. */
export interface SiteReport {
  readonly pages: number;
  /** Links within the site, those to headings among them. */
  readonly links: number;
  readonly anchors: number;
  /** Links that readers may follow to other hosts. */
  readonly outward: number;
  /** Dead links, and what a browser would load from other hosts; one line each. */
  readonly faults: readonly string[];
}

interface Reference {
  readonly target: string;
  /** A browser loads it without being asked to. */
  readonly loaded: boolean;
}

const isOutward = (target: string): boolean => /^(https?:)?\/\//.test(target);
const outwardInStyle = /url\(\s*["']?((?:https?:)?\/\/[^)"']+)|@import\s+["']((?:https?:)?\/\/[^"']+)/g;
const outwardInScript =
  /\b(?:import|fetch|importScripts|EventSource|WebSocket|sendBeacon)\s*\(\s*["'`]((?:https?:|wss?:)?\/\/[^"'`]+)/g;

/** Reads all files of the site in `folder`, which is served below `base`, such as `/` or `/sealane/`. */
export function inspectSite(folder: string, base: string): SiteReport {
  const files = new Set(globSync('**/*.*', { cwd: folder }));
  const pages = [...files].filter((file) => file.endsWith('.html'));
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]));
  const ids = new Map([...texts].map(([page, text]) => [page, idsIn(text)]));
  const faults: string[] = [];
  let [links, anchors, outward] = [0, 0, 0];
  for (const [page, text] of texts) {
    for (const { target, loaded } of referencesIn(text)) {
      if (isOutward(target) && loaded) faults.push(`${page}: loads ${target}`);
      else if (isOutward(target)) outward += 1;
      else if (!/^(data|mailto|javascript):/.test(target)) {
        links += 1;
        if (target.includes('#')) anchors += 1;
        const reason = faultOf(target, page);
        if (reason !== undefined) faults.push(`${page}: ${target}: ${reason}`);
      }
    }
  }
  for (const file of files) {
    const pattern = file.endsWith('.css') ? outwardInStyle : file.endsWith('.js') ? outwardInScript : undefined;
    if (pattern === undefined) continue;
    for (const [, one, other] of readFileSync(join(folder, file), 'utf8').matchAll(pattern))
      faults.push(`${file}: loads ${one ?? other ?? ''}`);
  }
  return { pages: pages.length, links, anchors, outward, faults };

  function faultOf(target: string, page: string): string | undefined {
    const { pathname, hash } = new URL(target, `http://site${base}${page}`);
    if (!pathname.startsWith(base)) return `is not below ${base}`;
    const path = decodeURIComponent(pathname.slice(base.length));
    const file = path === '' || path.endsWith('/') ? posix.join(path, 'index.html') : path;
    if (!files.has(file)) return 'is no file of the site';
    const anchor = decodeURIComponent(hash.slice(1));
    if (anchor !== '' && ids.get(file)?.has(anchor) === false) return 'has no such heading';
    return undefined;
  }
}

function referencesIn(page: string): Reference[] {
  return [...page.matchAll(/<([a-z]+)\s([^>]*)>/g)].flatMap(([, tag = '', attributes = '']) =>
    [...attributes.matchAll(/(?:^|\s)(href|src|srcset|poster)="([^"]*)"/g)].map(([, , value = '']) => ({
      target: value.replaceAll('&amp;', '&'),
      loaded: tag !== 'a',
    })),
  );
}

function idsIn(page: string): ReadonlySet<string> {
  return new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));
}
