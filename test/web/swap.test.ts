import { expect, inject, test } from 'vitest';
import { serveEcho } from '../support/sockets/sockets.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { startSwap } from '../support/swap/swap-command.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { axeViolations, injectAxe } from '../support/web/axe.ts';
import { connectBrowser, visit } from '../support/web/browser.ts';
import { serveDashboard, servicesFile } from '../support/web/dashboard.ts';

test('a swap is shown on each view without a reload, can be read by all, and is given back by its button', async () => {
  await using browser = await connectBrowser(inject('browser'));
  await using folder = await tempFolder();
  await using own = await serveEcho();
  await using mine = await serveEcho();
  const file = await folder.write('sealane.yaml', servicesFile({ 'shop/api': [await freePort(), own.port] }));
  await using served = await serveDashboard(['--docker', 'none', '--config', file]);
  await using opened = await browser.open(served.url, { bypassCsp: true });
  const { page } = opened;
  const bar = page.getByRole('region', { name: 'Swapped services' });
  await page.getByRole('row', { name: 'shop/api' }).waitFor();
  expect(await bar.count()).toBe(0);

  await using command = startSwap('--admin', `127.0.0.1:${served.admin}`, 'api', `localhost:${mine.port}`);
  const text = `shop/api is swapped: all new sessions go to the stand-in localhost:${mine.port} of`;
  await bar.filter({ hasText: text }).waitFor();
  await injectAxe(page);
  for (const place of ['#/', '#/events', '#/services/shop%2Fapi']) {
    await visit(page, served.url + place);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await bar.filter({ hasText: text }).waitFor();
    expect({ place, violations: await axeViolations(page) }).toEqual({ place, violations: [] });
  }
  await page
    .getByRole('row', { name: `stand-in localhost:${mine.port}` })
    .filter({ hasText: 'ready for' })
    .waitFor();

  await page.getByRole('button', { name: /^Give back shop\/api from / }).click();
  await page.getByRole('dialog', { name: 'Give shop/api back?' }).getByRole('button', { name: 'Give it back' }).click();
  await bar.waitFor({ state: 'detached' });
  expect(await command.exited).toBe(1);
  expect(command.lines.at(-1)).toMatch(/was ended by sealane swap --back or on the page/);
  expect(opened.complaints).toEqual([]);
});
