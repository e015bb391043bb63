import { once } from 'node:events';
import { describe, expect, inject, test, vi } from 'vitest';
import { planeRig, publishAndBind, until } from '../support/sockets/rig.ts';
import { serveEcho } from '../support/sockets/sockets.ts';
import { upstream } from '../support/sockets/tables.ts';
import { dialTls, tlsTable } from '../support/sockets/tls.ts';
import { crashingWorker, describePlane } from './plane.contract.ts';

const workerUrl = new URL(inject('relayWorker'));

/**
 * The plane with the splice driver, and the behaviour that only its extra thread, which speaks TLS for the others, can get
 * wrong.
 */
describePlane('splice');

describe('plane, splice driver, with TLS to be ended', () => {
  test('clients of every listening thread reach the one that ends TLS, and the figures cover all', async () => {
    await using rig = planeRig('splice', { workers: 2, workerUrl, endsTls: false });
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('a', { port: server.port })]));
    await using clients = new AsyncDisposableStack();
    for (let index = 0; index < 30; index++) expect(await clients.use(await dialTls(port)).echo('hello')).toBe('hello');

    expect(rig.active('a')).toBe(30);
    expect(rig.totals()).toMatchObject({ accepted: 30, held: 0, open: 30 });
  });

  test.each([
    ['the thread that accepts', true, 1],
    ['a thread of its own', false, 2],
  ])('threads that die are replaced, and TLS is ended again by %s', async (_, endsTls, deaths) => {
    const channelName = `crash-${process.pid}-tls-${deaths}`;
    vi.stubEnv('SEALANE_TEST_CRASH', channelName);
    await using rig = planeRig('splice', { workerUrl: crashingWorker, endsTls });
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('a', { port: server.port })]));
    await using client = await dialTls(port);
    expect(await client.echo('before')).toBe('before');
    const crash = new BroadcastChannel(channelName);
    crash.postMessage({});
    crash.close();
    await Promise.race([client.ended, client.closed]);
    await until(() => rig.log.all.filter((line) => line.includes('a fault in the relay')).length === deaths);

    await vi.waitFor(
      async () => {
        await using next = await dialTls(port);
        expect(await next.echo('after')).toBe('after');
      },
      { timeout: 30_000, interval: 10 },
    );
    await until(() => rig.active('a') === 0 && rig.totals().open === 0);
    vi.unstubAllEnvs();
  });

  test('clients on their way to the TLS thread when it died reach its successor, and none is lost', async () => {
    const channelName = `crash-${process.pid}-handoff`;
    vi.stubEnv('SEALANE_TEST_CRASH', channelName);
    await using rig = planeRig('splice', { workerUrl: crashingWorker, endsTls: false });
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('a', { port: server.port })]));
    {
      await using before = await dialTls(port);
      expect(await before.echo('before')).toBe('before');
    }
    const tlsWorker = 1;
    const crash = new BroadcastChannel(channelName);
    const stuck = once(crash as unknown as EventTarget, 'message');
    crash.postMessage({ worker: tlsWorker, stuckMs: 500 });
    await stuck;
    crash.close();
    const clients = await Promise.all(Array.from({ length: 10 }, () => dialTls(port)));
    expect(await Promise.all(clients.map((client) => client.echo('after')))).toEqual(clients.map(() => 'after'));
    expect(rig.log.all.filter((line) => line.includes('a fault in the relay'))).toHaveLength(1);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await until(() => rig.totals().open === 0);
    vi.unstubAllEnvs();
  });
});
