import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectBrowser, type Browser } from '../support/web/browser.ts';
import { serveDashboard, servicesFile } from '../support/web/dashboard.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { serveEcho } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * The dashboard when Sealane is down or silent. The services are static, so no engine is needed.
 */
let browser: Browser;

beforeAll(async () => {
  browser = await connectBrowser(inject('browser'));
});

afterAll(() => browser[Symbol.asyncDispose]());

describe('the dashboard', () => {
  it('is marked stale when Sealane is down, and reconnects to a new Sealane', async () => {
    await using folder = await tempFolder();
    await using upstream = await serveEcho();
    const [first, second] = [await freePort(), await freePort()];
    const before = await folder.write('before.yaml', servicesFile({ api: [first, upstream.port] }));
    const after = await folder.write('after.yaml', servicesFile({ web: [second, upstream.port] }));
    const old = await serveDashboard(['--docker', 'none', '--config', before]);
    await using t = await browser.open(old.url);
    await using _ = old;
    const { page } = t;
    await page.getByRole('row', { name: 'api' }).filter({ hasText: '1 of 1 ready' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await old.sealane.stop();
    await page.getByRole('alert').filter({ hasText: 'Sealane does not answer.' }).waitFor();
    // The last known state stays visible, marked as stale.
    expect(await page.getByRole('row', { name: 'api' }).count()).toBe(1);
    expect(await page.title()).toBe('? Sealane');
    await using fresh = await serveDashboard(['--docker', 'none', '--config', after], old.admin);
    await page.getByRole('row', { name: 'web' }).filter({ hasText: '1 of 1 ready' }).waitFor();
    await page.getByRole('row', { name: 'api' }).waitFor({ state: 'detached' });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('listitem').filter({ hasText: 'web' }).first().waitFor();
    // The events of the new Sealane appear once each, and those of the old one are gone.
    const shown = await page.getByRole('listitem').filter({ hasText: 'web is served' }).count();
    expect([shown, await page.getByRole('listitem').filter({ hasText: 'api is served' }).count()]).toEqual([1, 0]);
    expect(fresh.url).toBe(t.page.url());
    expect(t.complaints).toEqual([]);
  });

  it('is marked stale when Sealane is silent on an open connection, and recovers when it answers again', async () => {
    await using folder = await tempFolder();
    await using upstream = await serveEcho();
    const file = await folder.write('sealane.yaml', servicesFile({ api: [await freePort(), upstream.port] }));
    await using served = await serveDashboard(['--docker', 'none', '--config', file]);
    await using t = await browser.open(served.url);
    await t.page.getByRole('row', { name: 'api' }).waitFor();
    served.sealane.process.kill('SIGSTOP');
    await t.page
      .getByRole('alert')
      .filter({ hasText: /What you see was true \d+ s ago/ })
      .waitFor();
    served.sealane.process.kill('SIGCONT');
    await t.page.getByRole('alert').waitFor({ state: 'detached' });
    await t.page.getByText('Live', { exact: true }).waitFor();
    expect(t.complaints).toEqual([]);
  });

  it('shows a service that is added to the file, and mistakes in the file', async () => {
    await using folder = await tempFolder();
    await using upstream = await serveEcho();
    const [first, second] = [await freePort(), await freePort()];
    const file = await folder.write('sealane.yaml', servicesFile({ api: [first, upstream.port] }));
    await using served = await serveDashboard(['--docker', 'none', '--config', file]);
    await using t = await browser.open(served.url);
    await t.page.getByRole('row', { name: 'api' }).waitFor();
    await folder.write('sealane.yaml', servicesFile({ api: [first, upstream.port], web: [second, upstream.port] }));
    await t.page.getByRole('heading', { name: 'All 2 services are up' }).waitFor();
    await folder.write('sealane.yaml', 'services: [');
    await t.page.getByRole('heading', { name: 'All 2 services are up, 1 problem' }).waitFor();
    await folder.write('sealane.yaml', servicesFile({ web: [second, upstream.port] }));
    await t.page.getByRole('heading', { name: 'All 2 services are up, 1 problem' }).waitFor({ state: 'detached' });
    await t.page.getByRole('row', { name: 'api' }).filter({ hasText: 'none of its ports is open' }).waitFor();
    expect(t.complaints).toEqual([]);
  });

  it('asks for the token where one is required, and opens after the sign-in', async () => {
    await using folder = await tempFolder();
    const file = await folder.write('sealane.yaml', servicesFile({ api: [await freePort(), await freePort()] }));
    await using served = await serveDashboard([
      '--docker',
      'none',
      '--config',
      file,
      '--admin-token',
      'open-sesame-open-sesame',
    ]);
    await using t = await browser.open(served.url);
    await t.page.getByRole('heading', { name: 'This Sealane asks for its token' }).waitFor();
    await t.page.getByLabel('Token').fill('open-sesame-open-sesame');
    await t.page.getByRole('button', { name: 'Sign in' }).click();
    await t.page.getByRole('row', { name: 'api' }).waitFor();
    expect(t.complaints).toEqual([]);
  });
});
