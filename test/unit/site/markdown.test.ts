import { expect, test } from 'vitest';
import { anchorsOf, linksOf, slugOf, summaryOf, titleOf, withLinks } from '../../../docs/.vitepress/markdown.ts';

test.each([
  ['Who ends TLS', 'who-ends-tls'],
  ['One certificate, and HTTP/2', 'one-certificate-and-http2'],
  ['  `--docker`, twice  ', '--docker-twice'],
  ['What is `tls.upstream`?', 'what-is-tlsupstream'],
  ['Größe · Maß_stab', 'größe--maß_stab'],
])('the heading "%s" has the anchor that the forge gives it', (heading, anchor) => {
  expect([...anchorsOf(`# ${heading}`)]).toEqual([anchor]);
  expect(slugOf(heading.replaceAll('`', ''))).toBe(anchor);
});

test('headings of one name are counted, and headings in code are none', () => {
  expect([...anchorsOf('# A\n\n## B\n```sh\n# C\n```\n## B\n\n## [D](d.md) **e**\n')]).toEqual([
    'a',
    'b',
    'b-1',
    'd-e',
  ]);
});

test('links are found in every form, and none in code or comments', () => {
  const page = [
    '[one](a.md) [`two`](b.md#x "title") ![three](c.svg)',
    '[broken',
    'over lines](d.md) <img src="e.webp"> <source srcset="f.webp 2x"> [g]: no',
    '[h]: i.md',
    '`[no](j.md)` <!-- [no](k.md) -->',
    '```md',
    '[no](l.md)',
    '```',
    '[last](<m.md>)',
  ].join('\n');
  expect(linksOf(page).map(({ target }) => target)).toEqual(
    ['a.md', 'b.md#x', 'c.svg', 'd.md', 'e.webp', 'f.webp', 'i.md', 'm.md'], // in the order of the page
  );
});

test('a link gets another target, and all else stays as it is', () => {
  expect(withLinks('a [b](c.md) `[d](c.md)` [e](f.md).', (target) => `../${target}`)).toBe(
    'a [b](../c.md) `[d](c.md)` [e](../f.md).',
  );
});

test('a page is described by its title and the sentences that begin it', () => {
  const page = '# The `life` of it\n\n<!-- Generated. -->\n\n**It** begins [here](x.md). It goes on.\n\nMore.\n';
  expect(titleOf(page)).toBe('The life of it');
  expect(summaryOf(page)).toBe('It begins here. It goes on.');
  expect(summaryOf(`# T\n\nFirst one. ${'long '.repeat(60)}.`)).toBe('First one.');
});
