import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { deadLinks, isImage, linkedFiles, siteTarget } from './links.ts';
import { summaryOf, titleOf, withLinks } from './markdown.ts';
import { home, pageFiles, pathOf } from './pages.ts';
import { root } from './repository.ts';

/**
 * Writes the pages as VitePress reads them into a folder. The repository's files stay plain Markdown with links that work
 * on the forge; here each link gets its target on the site, and an example its files.
 *
 * @throws Error that lists dead links in any Markdown file of the repository, and pages that stand nowhere in the contents
 */
export async function stagePages(folder: string): Promise<void> {
  await failOnFaults();
  await rm(folder, { recursive: true, force: true });
  const images = new Set<string>();
  for (const file of pageFiles) {
    const page = await readFile(join(root, file), 'utf8');
    for (const linked of linkedFiles(file, page)) if (isImage(linked)) images.add(linked);
    await write(join(folder, pathOf(file)), await sitePage(file, page));
  }
  for (const image of images) await cp(join(root, image), join(folder, pathOf(image)));
  await cp(join(root, 'src/dashboard/icon.svg'), join(folder, 'public/icon.svg'));
}

async function failOnFaults(): Promise<void> {
  const written = globSync('**/*.md', {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist|\.vitepress)$/.test(path),
  });
  const forge = globSync('.github/**/*.md', { cwd: root });
  const dead = await Promise.all(
    [...written, ...forge].map(async (file) => deadLinks(file, await readFile(join(root, file), 'utf8'))),
  );
  const missing = written
    .filter((file) => file.startsWith('docs/') && !pageFiles.includes(file))
    .map((file) => `${file} stands in no group of docs/.vitepress/pages.ts`);
  const faults = [...dead.flat(), ...missing];
  if (faults.length > 0) throw new Error(`The docs have ${faults.length} faults:\n${faults.join('\n')}`);
}

async function sitePage(file: string, page: string): Promise<string> {
  const body = pictures(withLinks(await withTitles(file, page), (target) => siteTarget(file, target)));
  const matter = [`description: ${JSON.stringify(summaryOf(page))}`, `source: ${file}`];
  if (hasWideTable(page)) matter.push('aside: false', 'pageClass: wide');
  if (file === home) matter.push('sidebar: false', 'aside: false', 'pageClass: home');
  return `---\n${matter.join('\n')}\n---\n\n${body}${await exampleFiles(file)}`;
}

/** A table with more columns than the page has room for beside its contents. */
function hasWideTable(page: string): boolean {
  return /^\|(?: *:?-+:? *\|){4,}$/m.test(page);
}

/** The text of a link that is the name of a page's file, which only the forge shows, becomes the page's title. */
async function withTitles(file: string, page: string): Promise<string> {
  const names = [...page.matchAll(/(?<=\[)([\w./-]+\.md)\]\(([^)]+)\)/g)];
  const titles = await Promise.all(
    names.map(async ([, , target = '']) => {
      const [linked] = linkedFiles(file, `[](${target})`);
      if (linked === undefined || !pageFiles.includes(linked)) return undefined;
      return titleOf(await readFile(join(root, linked), 'utf8'));
    }),
  );
  return names.reduceRight((text, match, index) => {
    const [, name = ''] = match;
    const title = titles[index] ?? name;
    return text.slice(0, match.index) + title + text.slice(match.index + name.length);
  }, page);
}

/** A picture with a dark one, which follows the system, as two of which the site's own choice of colours shows one. */
function pictures(page: string): string {
  return page.replaceAll(
    /<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*<img alt="([^"]*)" src="([^"]+)">\s*<\/picture>/g,
    '<p><img class="in-light" alt="$2" src="$3"><img class="in-dark" alt="$2" src="$1"></p>',
  );
}

/** An example's files below its README: the compose file or stack first. */
async function exampleFiles(file: string): Promise<string> {
  if (!/^examples\/.+\/README\.md$/.test(file)) return '';
  const folder = join(root, dirname(file));
  const names = globSync(['*.{yml,yaml,conf,js}', 'config/*.yaml'], { cwd: folder });
  const isCompose = (name: string): boolean => /^(docker-compose|stack)/.test(name);
  const sorted = names.toSorted(
    (one, other) => Number(isCompose(other)) - Number(isCompose(one)) || one.localeCompare(other),
  );
  const blocks = await Promise.all(
    sorted.map(async (name) => {
      const language = { '.yml': 'yaml', '.yaml': 'yaml', '.js': 'js', '.conf': 'nginx' }[extname(name)] ?? '';
      const text = await readFile(join(folder, name), 'utf8');
      const heading = dirname(name) === '.' ? basename(name) : name;
      return `\n## ${heading}\n\n\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\n`;
    }),
  );
  return blocks.join('');
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
