import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Route } from 'playwright-core';
import { historySchema } from '../../src/admin/event-schema.ts';
import { connectBrowser, visit, type Browser, type OpenPage } from '../support/web/browser.ts';
import { startContainer, uniqueName } from '../support/engine/containers.ts';
import { serveDashboard } from '../support/web/dashboard.ts';
import { startReplica } from '../support/engine/replica.ts';
import { freePort } from '../support/sockets/free-port.ts';

/**
 * The dashboard as users see it, while containers on a real engine start and stop.
 */
let browser: Browser;

beforeAll(async () => {
  browser = await connectBrowser(inject('browser'));
});

afterAll(() => browser[Symbol.asyncDispose]());

/** How many sessions of a service the history has seen. */
async function sessionsInHistory(url: string, name: string): Promise<number> {
  const { samples } = historySchema.parse(await (await fetch(new URL('/api/history', url))).json());
  return Math.max(0, ...samples.map(({ services }) => services[name]?.sessions ?? 0));
}

/** Starts a Sealane with its own label prefix and opens its page; with a service's name and labels. */
async function setUp(place = '', ...args: readonly string[]) {
  const prefix = uniqueName('label');
  const name = uniqueName('shop');
  const listen = await freePort();
  const served = await serveDashboard(['--label-prefix', prefix, ...args]);
  const opened = await browser.open(served.url + place);
  const labels = (more: Record<string, string> = {}): Record<string, string> => {
    const all = { listen: String(listen), port: '8080', pool: name, ...more };
    return Object.fromEntries(Object.entries(all).map(([key, value]) => [`${prefix}.${key}`, value]));
  };
  return {
    ...opened,
    served,
    name,
    listen,
    labels,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

async function connected(port: number, text: string): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'data');
  return socket;
}

function checkQuiet({ requests, complaints }: OpenPage, url: string): void {
  expect(complaints).toEqual([]);
  expect(requests.filter((one) => !one.startsWith(url))).toEqual([]);
}

describe('the dashboard of a real engine', () => {
  it('has a button that puts a service to sleep, and one that wakes it', async () => {
    await using t = await setUp('', '--engine-actions', 'start,stop');
    await using web = await startReplica({ labels: t.labels({ sleep: '1h' }) });
    const { page, name } = t;
    await page.getByRole('link', { name }).first().click();
    const upstream = page.getByRole('row', { name: web.name });
    await upstream.getByText('ready for').waitFor();
    await page.getByRole('button', { name: `Put to sleep ${name}` }).click();
    await upstream.getByText('asleep for').waitFor();
    await page.getByText(`${web.name} was put to sleep by an operator`).waitFor();
    await page.getByRole('button', { name: `Wake ${name}` }).click();
    await upstream.getByText('ready for').waitFor();
    checkQuiet(t, t.served.url);
  });

  it('shows the service of a container from start to stop, each state with its reason, without a reload', async () => {
    await using t = await setUp();
    const { page, name } = t;
    await page.getByRole('heading', { name: 'No services yet' }).waitFor();
    await using shop = await startContainer({
      image: inject('images').tools,
      labels: t.labels(),
      command: [
        'sh',
        '-c',
        `trap 'exit 0' TERM; while [ ! -e /tmp/go ]; do sleep 0.01; done; httpd -f -p 8080 -h /tmp & wait`,
      ],
    });
    const row = page.getByRole('row', { name });
    await row.filter({ hasText: '0 of 1 ready' }).waitFor();
    await row.getByText(`${shop.name} is starting: nothing listens on 8080 (connection refused)`).waitFor();
    await shop.exec(['touch', '/tmp/go']);
    await row.filter({ hasText: '1 of 1 ready' }).waitFor();
    await page.getByRole('heading', { name: 'The service is up' }).waitFor();

    await page.getByRole('link', { name }).first().click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    const upstream = page.getByRole('row', { name: shop.name });
    await upstream
      .filter({ hasText: /ready for \d+ s/ })
      .filter({ hasText: 'its port accepts connections' })
      .waitFor();
    await shop.pause();
    await upstream
      .filter({ hasText: /paused for \d+ s/ })
      .filter({ hasText: 'its container is paused' })
      .waitFor();
    await shop.unpause();
    await upstream.filter({ hasText: /ready for/ }).waitFor();
    await shop.stop();
    await page.getByText('no container is left; clients wait').waitFor();
    await page.getByRole('link', { name: 'All services' }).click();
    await page.getByRole('row', { name }).filter({ hasText: 'no container is left' }).waitFor();
    checkQuiet(t, t.served.url);
  });

  it('drains and undrains an upstream, shows the result, and closes sessions only after a confirmation', async () => {
    await using t = await setUp();
    const { page, name } = t;
    await using one = await startReplica({ labels: t.labels({ port: '7' }) });
    await visit(page, `${t.served.url}#/services/${name}`);
    const upstream = page.getByRole('row', { name: one.name });
    await upstream.filter({ hasText: 'ready for' }).waitFor();
    const client = await connected(t.listen, 'hello');
    await page.getByRole('button', { name: `Drain ${one.name}` }).click();
    await page.getByRole('status').filter({ hasText: 'no new sessions' }).waitFor();
    await upstream.filter({ hasText: 'draining for' }).waitFor();
    await page.getByRole('button', { name: `Close sessions of ${one.name}` }).click();
    const question = page.getByRole('dialog', { name: `Close 1 session of ${one.name}?` });
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(client.readyState).toBe('open');
    await page.getByRole('button', { name: `Close sessions of ${one.name}` }).click();
    const closed = new Promise((resolve) => client.once('close', resolve));
    await question.getByRole('button', { name: 'Close them' }).click();
    await closed;
    await page.getByRole('button', { name: `Undrain ${one.name}` }).click();
    await upstream.filter({ hasText: 'ready for' }).waitFor();
    checkQuiet(t, t.served.url);
  });

  it('shows the problem of a label in the row, and the restarts of a container as one line that counts', async () => {
    await using t = await setUp();
    const { page, name } = t;
    await using other = await startReplica({ labels: t.labels() });
    await using one = await startReplica({ labels: t.labels({ wieght: '2' }) });
    const row = page.getByRole('row', { name });
    await row
      .filter({ hasText: `${one.name}: unknown label` })
      .filter({ hasText: 'did you mean' })
      .waitFor();
    await visit(page, `${t.served.url}#/events`);
    // Two restarts that come before Sealane has read of the first are one to it.
    for (let restart = 0; restart < 2; restart += 1) {
      const from = t.served.sealane.lines.length;
      await one.restart();
      for (const event of ['upstream-removed', 'upstream-added'] as const)
        await t.served.sealane.line({ event, upstream: one.name }, from);
    }
    const events = page.getByRole('listitem');
    await events.filter({ hasText: `${one.name} in ${name} restarted 2 times, last` }).waitFor();
    const ofDocker = events.filter({ hasText: `${other.name}: start` });
    expect(await ofDocker.count()).toBe(0);
    await page.getByRole('checkbox', { name: 'Docker’s own events' }).check();
    await ofDocker.waitFor();
    checkQuiet(t, t.served.url);
  });

  it('shows clients and throughput', async () => {
    await using t = await setUp();
    const { page, name } = t;
    await using _ = await startReplica({ labels: t.labels({ port: '7' }) });
    const row = page.getByRole('row', { name });
    await row.filter({ hasText: '1 of 1 ready' }).waitFor();
    const clients = await Promise.all([connected(t.listen, 'one'), connected(t.listen, 'two')]);
    await row.filter({ hasText: '2 open' }).waitFor();
    const flow = setInterval(() => clients[0].write('x'.repeat(10_000)), 20);
    await row.filter({ hasText: /[\d.]+ [kM]B\/s/ }).waitFor();
    clearInterval(flow);
    await page.getByRole('link', { name: 'Sessions' }).click();
    await page.getByText('2 sessions now').waitFor();
    const port = clients[0].address();
    await page
      .getByRole('row')
      .filter({ hasText: `127.0.0.1:${'port' in port ? port.port : 0}` })
      .filter({ hasText: 'relaying' })
      .waitFor();
    await page.getByRole('searchbox').fill('10.9.');
    await page.getByText('No client is connected that matches.').waitFor();
    for (const client of clients) client.destroy();
    const ended = page.getByRole('region', { name: 'Ended lately' });
    await ended.getByRole('row', { name }).first().waitFor();
    await ended.getByRole('button', { name: 'Pause' }).click();
    await ended.getByRole('checkbox', { name: 'failed only' }).check();
    await ended.getByRole('button', { name: 'Resume' }).click();
    await ended.getByText('No failed session has ended that matches.').waitFor();
    await expect.poll(() => sessionsInHistory(t.served.url, name), { timeout: 5_000 }).toBe(2);
    await page.getByRole('link', { name: 'Services' }).click();
    const asked = Promise.withResolvers<Route>();
    await page.route('**/api/history', (route) => asked.resolve(route));
    await page.reload();
    // The services are shown although their past is still being read.
    await row.filter({ hasText: '1 of 1 ready' }).waitFor({ timeout: 5_000 });
    const past = page.waitForResponse((response) => response.url().endsWith('/api/history'));
    await (await asked.promise).continue();
    expect((await past).status()).toBe(200);
    checkQuiet(t, t.served.url);
  });

  it('shows problems with their fix, and the values of labels as plain text', async () => {
    await using t = await setUp();
    const { page } = t;
    const markup = '<img src=x onerror=window.hacked=1>';
    await using shop = await startReplica({ labels: t.labels({ prot: '1', hold: `${markup}\n\u001b[31m‮` }) });
    await page.getByRole('link', { name: 'Problems 2' }).click();
    // The overview, which stays for a moment, contains events, too.
    const problems = page
      .getByRole('region', { name: 'Problems', exact: true })
      .getByRole('listitem')
      .filter({ hasText: shop.name });
    await problems.filter({ hasText: '.prot' }).filter({ hasText: 'port' }).waitFor();
    await problems.filter({ hasText: markup }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await page.getByRole('link', { name: 'Events' }).first().click();
    await page.getByRole('heading', { name: 'Events', level: 1 }).waitFor();
    await page.getByRole('listitem').filter({ hasText: markup }).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    checkQuiet(t, t.served.url);
  });
});
