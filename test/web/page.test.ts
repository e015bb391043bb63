import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { axeViolations, injectAxe } from '../support/web/axe.ts';
import { connectBrowser, visit, type Browser, type OpenOptions } from '../support/web/browser.ts';
import { serveDashboard, servicesFile, type Served } from '../support/web/dashboard.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { Peer, serveEcho, type TestServer } from '../support/sockets/sockets.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * The page itself: its size, its accessibility, and that it sends requests only to its Sealane, which all tests share.
 */
const many = 120;
let browser: Browser;
let folder: TempFolder;
let upstream: TestServer;
let listenPort: number;
let served: Served;

beforeAll(async () => {
  [browser, folder, upstream] = await Promise.all([connectBrowser(inject('browser')), tempFolder(), serveEcho()]);
  const dead = await freePort();
  listenPort = await freePort();
  const services: Record<string, readonly [string, number]> = {};
  for (let index = 0; index < many; index++) {
    // Each service has its own address, so that one free port is enough. The last two services are down.
    services[`shop/api-${String(index).padStart(3, '0')}`] = [
      `127.0.1.${index + 1}:${listenPort}`,
      index < many - 2 ? upstream.port : dead,
    ];
  }
  const options = { health: 'tcp', 'health.interval': '1h' };
  const file = await folder.write(
    'sealane.yaml',
    servicesFile(services, options, { 'shop/api-001': { host: 'api.test' } }),
  );
  served = await serveDashboard(['--docker', 'none', '--config', file]);
});

afterAll(async () => {
  for (const one of [served, browser, upstream, folder]) await one?.[Symbol.asyncDispose]();
});

const places = ['#/', '#/services/shop%2Fapi-119', '#/sessions'];
const looks: readonly (OpenOptions & { readonly at: readonly string[] })[] = [
  {
    scheme: 'light',
    width: 1280,
    at: [...places, '#/services/shop%2Fapi-000', '#/services/gone', '#/events', '#/problems'],
  },
  { scheme: 'dark', width: 1280, at: places },
  { scheme: 'light', width: 390, height: 844, at: places },
];

/** Run in the page: what is wider than the screen, if the page can be scrolled sideways. */
const beyondTheScreen = `
  document.documentElement.scrollWidth <= innerWidth
    ? []
    : [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 100))
`;

describe('the page', () => {
  it('is smaller than 150 kB compressed', async () => {
    const root = new URL('../../dist/dashboard/', import.meta.url);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(
      files.map(async ({ parentPath, name }) => gzipSync(await readFile(`${parentPath}/${name}`)).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
  });

  it.each(looks)('fits the screen and has no axe violations on any page: $scheme, $width', async ({ at, ...look }) => {
    await using t = await browser.open(served.url, { ...look, bypassCsp: true });
    await t.page.getByRole('row', { name: 'shop/api-000' }).waitFor();
    await injectAxe(t.page);
    for (const place of at) {
      await visit(t.page, served.url + place);
      await t.page.getByRole('heading', { level: 1 }).waitFor();
      // Ten rows, of both states, show what fifty do, in a fifth of the time.
      if (place === '#/') await t.page.getByRole('searchbox').fill('api-11');
      const found = { wider: await t.page.evaluate(beyondTheScreen), violations: await axeViolations(t.page) };
      expect({ place, ...found }).toEqual({ place, wider: [], violations: [] });
    }
  });

  it('can be used with the keyboard alone, and moves the focus to the new content', async () => {
    await using t = await browser.open(served.url);
    const { page } = t;
    await page.getByRole('heading', { name: '2 of 120 services need attention' }).waitFor();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent') as Promise<string>;
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('2 of 120 services need attention');
    await page.getByRole('searchbox').focus();
    await page.keyboard.type('api-119');
    await page.getByRole('row', { name: 'shop/api-000' }).waitFor({ state: 'detached' });
    // Four tabs skip the two filters and the order, and reach the first service.
    for (let tab = 0; tab < 4; tab++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('shop/api-119');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/services\/shop%2Fapi-119$/);
    expect(await focused()).toBe('shop/api-119');
    await page.getByText('Why it cannot be reached').waitFor();
    await page.goBack();
    await page.getByRole('searchbox').waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('api-119');
  });

  it('asks for confirmation at the click itself before it closes sessions, so that the next key answers', async () => {
    await using t = await browser.open(served.url);
    const { page } = t;
    await using client = new Peer(connect({ host: '127.0.1.1', port: listenPort }));
    await client.echo('hello');
    await visit(page, `${served.url}#/services/shop%2Fapi-000`);
    const button = page.getByRole('button', { name: 'Close sessions of' });
    await button.waitFor();
    await button.focus();
    const isOpen = await page.evaluate(`(async () => {
      document.activeElement.click();
      await null;
      return document.querySelector('dialog')?.open;
    })()`);
    expect(isOpen).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('says of a service with a name that a connection stays with the name that its client asks for first', async () => {
    await using t = await browser.open(`${served.url}#/services/shop%2Fapi-001`);
    await t.page.getByText('the name that its client asks for first').waitFor();
    await visit(t.page, `${served.url}#/services/shop%2Fapi-000`);
    await t.page.getByRole('heading', { level: 1, name: 'shop/api-000' }).waitFor();
    expect(await t.page.getByText('the name that its client asks for first').count()).toBe(0);
  });

  it('links to a service that is routed by host, and copies addresses', async () => {
    await using t = await browser.open(served.url);
    const row = t.page.getByRole('row', { name: 'shop/api-001' });
    const url = `http://api.test:${listenPort}`;
    expect(await row.getByRole('link', { name: url }).getAttribute('href')).toBe(`${url}/`);
    await t.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await row.getByRole('button', { name: `Copy ${url}` }).click();
    await t.page
      .getByRole('status')
      .filter({ hasText: `${url} is copied.` })
      .waitFor();
    expect(await t.page.evaluate('navigator.clipboard.readText()')).toBe(url);
    expect(await t.page.getByRole('row', { name: 'shop/api-000' }).getByRole('link').count()).toBe(1);
  });

  it('finds a service among many by state, page and search', async () => {
    await using t = await browser.open(served.url);
    const { page } = t;
    const rows = page.getByRole('row', { name: 'shop/' });
    await rows.first().waitFor();
    expect(await rows.count()).toBe(50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–100 of 120').waitFor();
    await page.getByRole('row', { name: 'shop/api-050' }).waitFor();
    await page.getByRole('button', { name: 'Need attention 2' }).click();
    await page.getByRole('row', { name: 'shop/api-118' }).waitFor();
    expect(await rows.count()).toBe(2);
    await page.getByRole('button', { name: 'All 120' }).click();
    await page.getByRole('searchbox').fill('no such thing');
    await page.getByRole('button', { name: 'Show all 120' }).click();
    await page.getByText('1–50 of 120').waitFor();
    await visit(page, `${served.url}#/?project=blog`);
    await page.getByText('No service fits.').waitFor();
    await page.getByRole('combobox', { name: 'Project' }).selectOption('shop');
    await page.waitForURL(/#\/\?project=shop$/);
    await page.getByText('1–50 of 120').waitFor();
    await page.getByRole('combobox', { name: 'Project' }).selectOption('all');
    await page.waitForURL(/#\/$/);
  });

  it('sends requests only to its own Sealane, and can’t send others', async () => {
    await using t = await browser.open(served.url);
    await t.page.getByRole('row', { name: 'shop/api-000' }).waitFor();
    expect(t.requests.filter((one) => !one.startsWith(served.url))).toEqual([]);
    expect(t.complaints).toEqual([]);
    const blocked = await t.page.evaluate(
      `fetch('http://127.0.0.2:${served.admin}/').then(() => 'answered', () => 'blocked')`,
    );
    expect(blocked).toBe('blocked');
    expect(t.complaints.join()).toMatch(/Content Security Policy/);
  });
});
