import { expect, test } from 'vitest';
import { deadLinks, siteTarget } from '../../../docs/.vitepress/links.ts';
import { pathOf } from '../../../docs/.vitepress/pages.ts';
import { repositoryUrl } from '../../../docs/.vitepress/repository.ts';

test.each([
  ['docs/README.md', 'index.md'],
  ['docs/swap.md', 'swap.md'],
  ['docs/decisions/README.md', 'decisions/index.md'],
  ['examples/README.md', 'examples/index.md'],
  ['examples/redis/README.md', 'examples/redis.md'],
  ['CHANGELOG.md', 'changelog.md'],
])('%s is the page %s', (file, path) => expect(pathOf(file)).toBe(path));

test.each([
  ['docs/swap.md', 'admin-api.md#who-may-ask', './admin-api.md#who-may-ask'],
  ['docs/swap.md', '#where-the-process-has-to-listen', '#where-the-process-has-to-listen'],
  ['docs/sleep-and-wake.md', '../examples/sleep-and-wake', './examples/sleep-and-wake.md'],
  ['examples/redis/README.md', '../../docs/glossary.md', '../glossary.md'],
  ['docs/architecture.md', 'decisions', './decisions/index.md'],
  ['docs/README.md', 'dashboard.webp', './dashboard.webp'],
  ['docs/swarm.md', '../README.md#security', `${repositoryUrl}/blob/main/README.md#security`],
  ['docs/swarm.md', '../src/relay', `${repositoryUrl}/tree/main/src/relay`],
  ['docs/swarm.md', 'https://example.org/', 'https://example.org/'],
])('in %s, the link %s leads on the site to %s', (file, target, expected) =>
  expect(siteTarget(file, target)).toBe(expected),
);

test('a link is dead where its file, or its heading, does not exist; its line is named', () => {
  const page =
    'See\n[one](nowhere.md), [two](swap.md#nothing),\n[three](/docs/swap.md), [four](../../x), [good](swap.md).';
  expect(deadLinks('docs/x.md', page)).toEqual([
    'docs/x.md:2: nowhere.md: does not exist',
    'docs/x.md:2: swap.md#nothing: docs/swap.md has no heading for #nothing',
    'docs/x.md:3: /docs/swap.md: is outside of the repository',
    'docs/x.md:3: ../../x: is outside of the repository',
  ]);
});
