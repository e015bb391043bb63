import { createServer } from 'node:http';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { startBrowser, type OpenOptions } from '../../test/support/web/browser.ts';
import { base } from './repository.ts';

/**
 * `npm run docs:look [FOLDER]`: opens every page of the built site in Chromium, in light, in dark and as wide as a phone,
 * and fails on a request to another host, a script's error, a violation of accessibility (axe) and a page that scrolls
 * sideways. It leaves pictures in FOLDER where one is given.
 */
const dist = join(import.meta.dirname, 'dist');
const [pictures] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};

const looks: readonly (OpenOptions & { readonly name: string })[] = [
  { name: 'light', scheme: 'light' },
  { name: 'dark', scheme: 'dark' },
  { name: 'phone', scheme: 'light', width: 390, height: 844 },
];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://site');
  const path = pathname.slice(base.length) + (pathname.endsWith('/') ? 'index.html' : '');
  readFile(join(dist, path)).then(
    (body) => response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/plain' }).end(body),
    () => response.writeHead(404).end(),
  );
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const faults: string[] = [];
const counts = { pages: 0, requests: 0 };
if (pictures !== undefined) await mkdir(pictures, { recursive: true });
await using browser = await startBrowser();
// The page of an unknown address is VitePress' own.
const files = globSync('**/*.html', { cwd: dist, exclude: ['404.html'] }).toSorted();
for (const look of looks) for (const file of files) await visit(file, look);
server.close();
server.closeAllConnections();
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(
  `${counts.pages} views of ${files.length} pages, ${counts.requests} requests, ${faults.length} faults\n`,
);
process.exitCode = faults.length === 0 && files.length > 1 ? 0 : 1;

async function visit(file: string, look: (typeof looks)[number]): Promise<void> {
  await using opened = await browser.open(`${origin}${base}${file}`, { ...look, bypassCsp: true });
  const { page, requests, complaints } = opened;
  await page.waitForLoadState('networkidle');
  counts.pages += 1;
  counts.requests += requests.length;
  const where = `${file} (${look.name})`;
  for (const url of requests)
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`${where}: asks for ${url}`);
  for (const complaint of complaints) faults.push(`${where}: ${complaint}`);
  const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  if (sideways > 0) faults.push(`${where}: scrolls ${sideways} px sideways`);
  // A table in Markdown always has a row of headers; some have nothing to say there.
  await page.addScriptTag({ content: axe });
  const violations = await page.evaluate<string[]>(
    `axe.run({ resultTypes: ['violations'], rules: { 'empty-table-header': { enabled: false } } }).then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ': ' + nodes.length + ' × ' + nodes[0].html.slice(0, 160) + ' ' + (nodes[0].any[0]?.message ?? '')))`,
  );
  for (const violation of violations) faults.push(`${where}: ${violation}`);
  if (pictures !== undefined)
    await page.screenshot({ path: join(pictures, `${file.replaceAll('/', '_')}-${look.name}.png`) });
}
