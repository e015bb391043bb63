import { build } from 'vitepress';
import { join } from 'node:path';
import { inspectSite } from './built-site.ts';
import { base, root } from './repository.ts';

/**
 * `npm run docs:site`: builds the site into docs/.vitepress/dist, and fails on a dead link, in the repository's Markdown or
 * in what was built, and on anything that a page would load from another host. `SITE_BASE` is the path that the site is
 * served below, such as `/sealane/`.
 */
await build(join(root, 'docs'));
const { pages, links, anchors, outward, faults } = inspectSite(join(import.meta.dirname, 'dist'), base);
process.stdout.write(
  `${pages} pages, ${links} links within the site (${anchors} of them to headings), ${outward} to other hosts\n`,
);
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 && pages > 1 ? 0 : 1;
