import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { startReplica } from '../support/engine/replica.ts';
import { uniqueName } from '../support/engine/containers.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { connectBrowser, startBrowser, trustInChromium, visit } from '../support/web/browser.ts';
import { serveDashboard } from '../support/web/dashboard.ts';

it('a container without a label has a link on the page, and a valid padlock in a browser that trusts the authority', async () => {
  const [plain, tls] = [await freePort(), await freePort()];
  const [project, prefix] = [uniqueName('shop'), uniqueName('label')];
  await using folder = await tempFolder();
  await using served = await serveDashboard([
    ...['--expose', 'all', '--label-prefix', prefix, '--names-ca', folder.path],
    ...['--names-listen', `http://127.0.0.1:${plain},https://127.0.0.1:${tls}`],
  ]);
  const part = (service: string, port: number) =>
    startReplica({
      name: `${project}-${service}-1`,
      labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': service },
      create: { ExposedPorts: { [`${port}/tcp`]: {} } },
    });
  await using web = await part('web', 8080);
  await using database = await part('db', 5432);
  await served.sealane.line({ event: 'route-opened', service: `${project}/web`, listen: new RegExp(`:${tls} `) });
  await served.sealane.line({ event: 'name-refused', subject: database.name });

  await trustInChromium(folder.path, join(folder.path, 'ca.crt'));
  await using browser = await startBrowser({ home: folder.path });
  await using dashboard = await browser.open(served.url);
  const { page } = dashboard;
  const url = `https://web.${project}.localhost:${tls}`;
  await page.getByText('without a name').click();
  await page.getByText(database.name, { exact: true }).waitFor();
  const opening = page.context().waitForEvent('page');
  await page.getByRole('link', { name: url, exact: true }).click();
  const opened = await opening;
  const network = await opened.context().newCDPSession(opened);
  await network.send('Network.enable');
  const states: string[] = [];
  network.on('Network.responseReceived', ({ response }) => void states.push(response.securityState));
  await visit(opened, `${url}/`);
  expect(await opened.locator('body').innerText()).toBe(web.name);
  expect(states).toEqual(expect.arrayContaining(['secure']));
  expect(states).not.toContain('insecure');
  await using stranger = await connectBrowser(inject('browser'));
  await expect(stranger.open(`${url}/`)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');

  await visit(opened, `http://localhost:${plain}/`);
  await opened.getByRole('link', { name: `http://web.${project}.localhost:${plain}`, exact: true }).click();
  expect(await opened.locator('body').innerText()).toBe(web.name);
});
