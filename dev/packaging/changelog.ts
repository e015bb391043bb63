/**
 * Reads CHANGELOG.md, which has the form of https://keepachangelog.com. Pure.
 */
export interface ChangelogSection {
  /** The day of the release, as the heading has it: `2026-12-01`. */
  readonly date: string;
  /** What stands beneath the heading, without it. */
  readonly body: string;
}

/** The section of a released version, such as `0.1.0`; undefined where the changelog has none with a date. */
export function sectionOf(changelog: string, version: string): ChangelogSection | undefined {
  // Headings in fenced code are none.
  const fences = /^(`{3,}|~{3,}).*?^\1/gms;
  const lines = changelog.replaceAll(fences, (code) => code.replaceAll(/^## /gm, '\0')).split('\n');
  const start = lines.findIndex((line) => headingOf(line)?.version === version);
  const date = headingOf(lines[start] ?? '')?.date;
  if (date === undefined) return undefined;
  const rest = lines.slice(start + 1);
  // The list of links at the end of the file belongs to no section.
  const end = rest.findIndex((line) => line.startsWith('## ') || /^\[[^\]]+\]: \S+$/.test(line));
  const body = rest.slice(0, end === -1 ? undefined : end).join('\n');
  return { date, body: body.replaceAll('\0', '## ').trim() };
}

function headingOf(line: string): { readonly version: string; readonly date: string } | undefined {
  const [, version, date] = /^## \[?([^\]\s]+)\]? - (\d{4}-\d{2}-\d{2})$/.exec(line.trimEnd()) ?? [];
  return version === undefined || date === undefined ? undefined : { version, date };
}

/** Makes the links to files of the repository absolute: a release's page is in no folder that has them. */
export function withAbsoluteLinks(markdown: string, base: string): string {
  return markdown.replaceAll(
    /\]\((?!#|[a-z][a-z+.-]*:)(?:\.\/)?([^)\s]+)\)/gi,
    (_, path: string) => `](${base}/${path})`,
  );
}
