import { expect, test } from 'vitest';
import { inspectSite } from '../../../docs/.vitepress/built-site.ts';
import { tempFolder } from '../../support/temp-folder.ts';

test('what a built site would load from other hosts is a fault, and so are its dead links', async () => {
  await using folder = await tempFolder();
  await folder.write('index.html', '<a href="/s/b.html#here">b</a> <a href="https://example.org/">out</a>');
  await folder.write('b.html', '<h1 id="here">b</h1> <a href="./">home</a> <img src="data:image/png;base64,">');
  await folder.write('good.css', '.a { background: url("data:image/svg+xml;x") }');
  expect(inspectSite(folder.path, '/s/')).toEqual({ pages: 2, links: 2, anchors: 1, outward: 1, faults: [] });

  await folder.write(
    'c.html',
    '<a href="b.html#gone">x</a> <a href="/b.html">x</a> <script src="//cdn.example/x.js"></script>',
  );
  await folder.write(
    'bad.css',
    '@import "https://fonts.example/a.css"; .a { src: url(https://fonts.example/a.woff2) }',
  );
  await folder.write('bad.js', 'fetch("https://search.example/q"); const link = "https://fine.example/";');
  expect(inspectSite(folder.path, '/s/').faults.toSorted()).toEqual([
    'bad.css: loads https://fonts.example/a.css',
    'bad.css: loads https://fonts.example/a.woff2',
    'bad.js: loads https://search.example/q',
    'c.html: /b.html: is not below /s/',
    'c.html: b.html#gone: has no such heading',
    'c.html: loads //cdn.example/x.js',
  ]);
});
