import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { slugOf, titleOf } from './markdown.ts';
import { groups, pathOf, type Entry } from './pages.ts';
import { base, description, repositoryUrl, root, version } from './repository.ts';
import { stagePages } from './stage.ts';

/** The site's settings. Its pages are staged when they are read, so that VitePress' own commands work on docs/, too. */
const pages = join(import.meta.dirname, 'cache/pages');
await stagePages(pages);

export default defineConfig({
  title: 'Sealane',
  description,
  lang: 'en',
  base,
  srcDir: pages,
  // Links are checked by stage.ts, with their anchors, and by built-site.ts.
  ignoreDeadLinks: true,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: slugOf },
    config(markdown) {
      // Two braces are text, as on the forge, and no expression of Vue.
      const { text } = markdown.renderer.rules;
      markdown.renderer.rules.text = (...args) => (text?.(...args) ?? '').replaceAll('{{', '&#123;&#123;');
    },
  },
  transformPageData(page) {
    page.filePath = String(page.frontmatter['source']);
  },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Labels', link: '/reference/labels' },
      { text: 'Examples', link: '/examples/' },
      { text: 'Compared', link: '/comparison' },
      { text: `v${version}`, link: '/changelog' },
      { text: 'Source', link: repositoryUrl },
    ],
    sidebar: groups.map(({ title, pages: entries, closed }) => ({
      text: title,
      ...(closed !== undefined && { collapsed: true }),
      items: entries.map(itemOf),
    })),
    editLink: {
      text: 'This page in the repository',
      pattern: `${repositoryUrl}/blob/main/:path`,
    },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});

function itemOf([file, title]: Entry): DefaultTheme.SidebarItem {
  const text = title ?? titleOf(readFileSync(join(root, file), 'utf8')) ?? file;
  return { text, link: `/${pathOf(file).replace(/(index)?\.md$/, '')}` };
}
