import { globSync } from 'node:fs';
import { root } from './repository.ts';

/**
 * Which files of the repository are pages of the site, and where they stand in its contents. A page of docs/ that stands
 * nowhere fails the build.
 */
export interface Group {
  readonly title: string;
  readonly pages: readonly Entry[];
  /** Closed until a reader opens it. */
  readonly closed?: true;
}

/** A file, and its title in the contents where the page's own is long. */
export type Entry = readonly [file: string, title?: string];

export const home = 'docs/README.md';

export const groups: readonly Group[] = [
  {
    title: 'Start',
    pages: [
      ['docs/getting-started.md'],
      ['docs/comparison.md', 'Compared with others'],
      ['docs/migrating.md', 'Coming from another proxy'],
      ['docs/troubleshooting.md', 'Troubleshooting'],
    ],
  },
  {
    title: 'Powers',
    pages: [
      ['docs/sleep-and-wake.md'],
      ['docs/swap.md', 'Swap in your process'],
      ['docs/names-without-labels.md'],
      ['docs/names-and-tls.md', 'Names, TLS and access'],
      ['docs/engine-actions.md', 'Networks and engine actions'],
      ['docs/swarm.md', 'Docker Swarm'],
    ],
  },
  {
    title: 'Use',
    pages: [
      ['docs/lifecycle.md'],
      ['docs/engines.md', 'Engines and platforms'],
      ['docs/command-line.md'],
      ['docs/metrics.md', 'Metrics and logs'],
      ['docs/admin-api.md'],
      ['docs/systemd.md', 'As a systemd unit'],
      ['docs/single-executable.md', 'As one executable'],
      ['docs/in-ci.md', 'Labels checked in CI'],
    ],
  },
  {
    title: 'Reference',
    pages: [
      ['docs/reference.md', 'All in two tables'],
      ['docs/reference/labels.md'],
      ['docs/reference/settings.md'],
      ['docs/reference/api.md'],
      ['docs/glossary.md'],
    ],
  },
  {
    title: 'Examples',
    closed: true,
    pages: [['examples/README.md', 'All examples'], ...found('examples/*/README.md')],
  },
  {
    title: 'Project',
    closed: true,
    pages: [
      ['docs/architecture.md'],
      ['docs/versions.md'],
      ['docs/upgrading.md'],
      ['docs/measuring.md'],
      ['docs/good-first.md'],
      ['docs/releasing.md'],
      ['bench/results/splice.md', 'The fast driver, measured'],
      ['bench/results/tls.md', 'TLS that Sealane ends, measured'],
      ['CHANGELOG.md'],
      ['CONTRIBUTING.md'],
    ],
  },
  {
    title: 'Decisions',
    closed: true,
    pages: [['docs/decisions/README.md', 'All decisions'], ...found('docs/decisions/[0-9]*.md')],
  },
];

/** All files that are pages, the home page first. */
export const pageFiles: readonly string[] = [home, ...groups.flatMap(({ pages }) => pages.map(([file]) => file))];

/** Where a file's page is on the site, as a Markdown file. */
export function pathOf(file: string): string {
  const path = file.replace(/^docs\//, '').toLowerCase();
  const example = /^examples\/(.+)\/readme\.md$/.exec(path)?.[1];
  return example === undefined ? path.replace(/(^|\/)readme\.md$/, '$1index.md') : `examples/${example}.md`;
}

function found(pattern: string): Entry[] {
  return globSync(pattern, { cwd: root })
    .toSorted()
    .map((file) => [file]);
}
