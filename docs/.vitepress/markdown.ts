/**
 * Reads links and headings out of Markdown, as the forge understands them. Pure. Code is skipped: a link in it is text.
 */
export interface Link {
  /** What the link leads to, as it is written. */
  readonly target: string;
  /** The offset of the target in the page. */
  readonly start: number;
}

const fences = /^ *(`{3,}|~{3,})[^]*?^ *\1`* *$/gm;
const inlineCode = /(`+)(?!`)[^]*?[^`]\1(?!`)/g;
const comments = /<!--[^]*?-->/g;

/** The forms of a link: inline, by reference, and in HTML, where a `srcset` holds one address and perhaps its width. */
const linkForms = [
  /\]\(<?([^()<>\s]+)>?(?:\s+"[^"]*")?\)/dg,
  /^\[[^\]]+\]:\s+(\S+)/dgm,
  /\b(?:href|src|srcset)="([^"\s]+)[^"]*"/dg,
];

export function linksOf(page: string): Link[] {
  const text = blanked(blanked(blanked(page, comments), fences), inlineCode);
  const links = linkForms.flatMap((form) => [...text.matchAll(form)].map((match) => linkOf(page, match)));
  return links.toSorted((one, other) => one.start - other.start);
}

function linkOf(page: string, match: RegExpExecArray): Link {
  const [start, end] = match.indices?.[1] ?? [0, 0];
  return { target: page.slice(start, end), start };
}

/** The page with each link's target replaced by what `replace` makes of it. */
export function withLinks(page: string, replace: (target: string) => string): string {
  let [result, from] = ['', 0];
  for (const { target, start } of linksOf(page)) {
    result += page.slice(from, start) + replace(target);
    from = start + target.length;
  }
  return result + page.slice(from);
}

/** The text of the page's first heading of level 1, without its markup. */
export function titleOf(page: string): string | undefined {
  const [, title] = /^# (.+)$/m.exec(blanked(page, fences)) ?? [];
  return title === undefined ? undefined : plainText(title);
}

/** The page's first paragraph without its markup, cut at the end of a sentence where it is long. */
export function summaryOf(page: string): string {
  const blocks = blanked(blanked(page, comments), fences).split(/\n\s*\n/);
  const paragraph = blocks.find((block) => /^\s*(\*\*|\[|`|[A-Z])/.test(block)) ?? '';
  const sentences = plainText(paragraph.trim().replaceAll(/\s+/g, ' ')).split(/(?<=[.:]) /);
  const kept = sentences.filter((_, index) => sentences.slice(0, index + 1).join(' ').length <= 200);
  return (kept.length > 0 ? kept : sentences.slice(0, 1)).join(' ');
}

/** The anchors of all headings, those of a page that has one heading twice included. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const [, heading = ''] of blanked(page, fences).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(plainText(heading));
    let anchor = slug;
    for (let count = 1; taken.has(anchor); count += 1) anchor = `${slug}-${count}`;
    taken.add(anchor);
  }
  return taken;
}

/** The anchor that the forge gives to a heading. The site uses the same, so that a link works in both places. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Markdown of one line without the marks of links, code and emphasis. */
function plainText(markdown: string): string {
  return markdown.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/\*\*|`/g, '');
}

/** The text with what `pattern` matches replaced by spaces, so that offsets stay as they are. */
function blanked(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, (match) => match.replaceAll(/[^\n]/g, ' '));
}
