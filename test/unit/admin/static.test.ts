import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createDashboard } from '../../../src/admin/static.ts';
import { filesBeneath } from '../../../src/built/files.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

async function build(): Promise<
  { readonly folder: TempFolder; readonly app: ReturnType<typeof createDashboard> } & AsyncDisposable
> {
  const folder = await tempFolder();
  await mkdir(`${folder.path}/dist/dashboard/assets`, { recursive: true });
  await folder.write('dist/dashboard/index.html', '<!doctype html>');
  await folder.write('dist/dashboard/assets/index-abc.js', 'let a = 1;'.repeat(100));
  await folder.write('dist/secret', 'not for you');
  const app = createDashboard(filesBeneath(pathToFileURL(`${folder.path}/dist/`)));
  return { folder, app, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('the dashboard’s files', () => {
  it('are served with their type', async () => {
    await using t = await build();
    const page = await t.app.request('/');
    expect([page.status, await page.text(), page.headers.get('content-type')]).toEqual([
      200,
      '<!doctype html>',
      'text/html; charset=utf-8',
    ]);
  });

  it('are packed for those who take it, and kept by the browser: assets for good, the page until it changes', async () => {
    await using t = await build();
    const script = await t.app.request('/assets/index-abc.js', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(script.headers.get('content-encoding')).toBe('gzip');
    expect(script.headers.get('cache-control')).toMatch(/immutable/);
    expect(gunzipSync(await script.arrayBuffer()).toString()).toBe('let a = 1;'.repeat(100));
    const page = await t.app.request('/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const again = await t.app.request('/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it.each([
    '/../secret',
    '/%2e%2e/secret',
    '/assets/..%2f..%2fsecret',
    '/assets/%5c..%5csecret',
    '/assets',
    '//secret',
    '/secret',
  ])('are all there is: %s is not found', async (path) => {
    await using t = await build();
    expect((await t.app.request(path)).status).toBe(404);
  });

  it('are missed with a word on how to make them', async () => {
    await using folder = await tempFolder();
    const page = await createDashboard(filesBeneath(pathToFileURL(`${folder.path}/none/`))).request('/');
    expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('npm run build')]);
  });
});
