import { describe, expect, inject, test, vi } from 'vitest';
import type { UpstreamSpec } from '../../src/relay/boundary/table.ts';
import { countOf } from '../../src/relay/boundary/timings.ts';
import { planeRig, publishAndBind, until } from '../support/sockets/rig.ts';
import { sharePlane } from '../support/sockets/shared-plane.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, serveEcho, serveNamed } from '../support/sockets/sockets.ts';
import { describeDriver } from './driver.contract.ts';

/**
 * The whole plane: the drivers' suite through one worker thread, and the behaviour that only several threads can get
 * wrong.
 */
const workerUrl = new URL(inject('relayWorker'));
export const crashingWorker = new URL(inject('crashingWorker'));

/**
 * The tests of a plane with one of the drivers. Each driver has a test file of its own, so that two test workers share
 * them.
 */
export function describePlane(driver: 'stream' | 'splice'): void {
  describe(`plane, ${driver} driver`, () => {
    planeTests(driver);
  });
}

/** An upstream whose address is the container's only where the engine says so. */
function proved(name: string, port: number): UpstreamSpec {
  return upstream(name, { endpoints: [{ host: '127.0.0.1', port, proof: { kind: 'engine', run: name } }] });
}

function planeTests(driver: 'stream' | 'splice'): void {
  describeDriver('alone', sharePlane(driver, { workerUrl }));

  test('two workers share a port that the kernel chose, and balance by least connections across both', async () => {
    await using rig = planeRig(driver, { workers: 2, workerUrl });
    await using a = await serveNamed('a');
    await using b = await serveNamed('b');
    const upstreams = [upstream('a', { port: a.port }), upstream('b', { port: b.port })];
    const port = await publishAndBind(rig, table([pool(upstreams)]));
    const spread = { a: 0, b: 0 };
    await using clients = new AsyncDisposableStack();
    for (let index = 0; index < 60; index++) {
      const client = clients.use(await dial(port));
      spread[(await client.read(1)) === 'a' ? 'a' : 'b'] += 1;
      expect(Math.abs(spread.a - spread.b)).toBeLessThanOrEqual(1);
    }

    expect(rig.active('a') + rig.active('b')).toBe(60);
    expect(rig.totals()).toMatchObject({ accepted: 60, held: 0, open: 60 });
    // With one socket per worker and 60 clients, a worker without any would be one chance in 10^17.
    expect(rig.plane.counters.upstream('a')).toMatchObject({ sessions: 30, dials: 30, dialFailures: 0 });
  });

  test('an upstream that the engine does not prove to be its container gets no byte, and the next one is dialed', async () => {
    await using rig = planeRig(driver, { workerUrl, confirm: (run) => Promise.resolve(run === 'own') });
    await using stranger = await serve();
    await using own = await serveEcho();
    const upstreams = [proved('stranger', stranger.port), proved('own', own.port)];
    const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first' })]));
    await using client = await dial(port);

    expect(await client.echo('question')).toBe('question');
    expect(await rig.suspects.find(() => true)).toEqual({
      key: 'stranger',
      error: `EHOSTUNREACH 127.0.0.1:${stranger.port}`,
    });
    expect(await (await stranger.accept()).readToEnd()).toBe('');
    client.socket.end();
    expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'own', retries: 1, bytesUp: 8 });
  });

  test('what both sides say until the engine has proved the upstream is not lost', async () => {
    const asked = Promise.withResolvers<void>();
    const told = Promise.withResolvers<boolean>();
    await using rig = planeRig(driver, {
      workerUrl,
      confirm: () => {
        asked.resolve();
        return told.promise;
      },
    });
    await using server = await serveNamed('hello');
    const port = await publishAndBind(rig, table([pool([proved('late', server.port)])]));
    await using client = await dial(port);
    client.socket.write('question');
    const peer = await server.accept();
    await asked.promise;
    expect(peer.socket.bytesRead).toBe(0);
    told.resolve(true);

    expect(await client.read(13)).toBe('helloquestion');
    expect(peer.socket.bytesRead).toBe(8);
  });

  test('lists the running sessions of all workers, and closes those of one upstream', async () => {
    await using rig = planeRig(driver, { workers: 2, workerUrl });
    await using a = await serveEcho();
    await using b = await serveEcho();
    const spec = pool([upstream('a', { port: a.port }), upstream('b', { port: b.port })], { balance: 'round-robin' });
    const port = await publishAndBind(rig, table([spec]));
    const clients = await Promise.all(Array.from({ length: 8 }, () => dial(port)));
    for (const client of clients) await client.echo('12345');
    const seen = await rig.plane.listSessions({ service: spec.service, state: 'relaying', limit: 5 });
    expect(seen).toMatchObject({ total: 8, complete: true });
    expect(seen.sessions).toHaveLength(5);
    expect(seen.sessions[0]).toMatchObject({ service: spec.service, state: 'relaying', bytesUp: 5, bytesDown: 5 });
    expect((await rig.plane.listSessions({ client: '10.', limit: 5 })).total).toBe(0);

    const onA = rig.active('a');
    rig.plane.closeSessionsOf('a');
    await until(() => rig.active('a') === 0 && rig.records.all.length === onA);
    expect(new Set(rig.records.all.map(({ reason, upstreamKey }) => `${reason} ${upstreamKey}`))).toEqual(
      new Set(onA > 0 ? ['operator a'] : []),
    );
    expect(rig.active('b')).toBe(8 - onA);
    expect(rig.plane.counters.service(spec.service)).toMatchObject({ sessions: 8, active: 8 - onA });
    expect(countOf(rig.plane.counters.all().dialHistogram)).toBe(8);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  test('least connections stay even over two workers while many clients come and go at once', async () => {
    await using rig = planeRig(driver, { workers: 2, workerUrl });
    await using a = await serveNamed('a');
    await using b = await serveNamed('b');
    const upstreams = [upstream('a', { port: a.port }), upstream('b', { port: b.port, weight: 3 })];
    const port = await publishAndBind(rig, table([pool(upstreams)]));
    const clients = await Promise.all(Array.from({ length: 200 }, () => dial(port)));
    const names = await Promise.all(clients.map((client) => client.read(1)));
    // Both workers may count at the same instant, so each can be off by one or two for a while.
    expect(Math.abs(names.filter((name) => name === 'a').length - 50)).toBeLessThanOrEqual(5);
    await Promise.all(clients.slice(0, 100).map((client) => client[Symbol.asyncDispose]()));
    await until(() => rig.totals().open === 100);
    const more = await Promise.all(Array.from({ length: 100 }, () => dial(port)));
    await Promise.all(more.map((client) => client.read(1)));

    expect(Math.abs(rig.active('a') - 50)).toBeLessThanOrEqual(5);
    await Promise.all([...clients, ...more].map((client) => client[Symbol.asyncDispose]()));
  });

  test('two workers together never exceed a limit, and every client that waited for a place gets one', async () => {
    const limit = 3;
    await using rig = planeRig(driver, { workers: 2, workerUrl });
    let open = 0;
    let most = 0;
    // The relay counts a session until both sides have ended, so the server's end comes first.
    await using server = await serve(({ socket }) => {
      open += 1;
      most = Math.max(most, open);
      socket.on('data', (name) => socket.write(name));
      socket.on('end', () => {
        open -= 1;
        socket.end();
      });
    });
    const limited = upstream('a', { port: server.port, maxConnections: limit });
    const port = await publishAndBind(rig, table([pool([limited], { maxHeld: 1_000 })]));
    const visit = async (name: string): Promise<string> => {
      await using client = await dial(port);
      const answer = await client.echo(name);
      client.socket.end();
      await client.ended;
      return answer;
    };
    const names = Array.from({ length: 120 }, (_, index) => `client ${index}`);

    expect(await Promise.all(names.map(visit))).toEqual(names);
    expect(most).toBeLessThanOrEqual(limit);
    await until(() => rig.active('a') === 0 && rig.records.all.length === names.length);
    expect(rig.records.all.filter(({ retries }) => retries > 0)).toEqual([]);
    expect(rig.plane.counters.upstream('a')).toMatchObject({ dialFailures: 0, sessions: names.length });
    expect(rig.suspects.all).toEqual([]);
  });

  test('with two workers a port that another process has taken is still reported, and bound once free', async () => {
    await using rig = planeRig(driver, { workers: 2, workerUrl });
    await using server = await serveEcho();
    const taker = await serve();
    const service = pool([upstream('a', { port: server.port })]);
    rig.publish(table([service], [listener('shop/api', taker.port, 'taken')]));
    expect((await rig.statuses.find(() => true)).status).toMatchObject({ kind: 'failed', code: 'EADDRINUSE' });
    await taker[Symbol.asyncDispose]();

    await rig.statuses.find(({ status }) => status.kind === 'listening');
    await using client = await dial(taker.port);
    expect(await client.echo('hello')).toBe('hello');
  });

  test.each([1, 2])('workers that die (%i) are reported and replaced, on the same port', async (workers) => {
    const channelName = `crash-${process.pid}-${driver}-${workers}`;
    vi.stubEnv('SEALANE_TEST_CRASH', channelName);
    await using rig = planeRig(driver, { workers, workerUrl: crashingWorker });
    await using server = await serveEcho();
    const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
    await using client = await dial(port);
    expect(await client.echo('before')).toBe('before');
    const crash = new BroadcastChannel(channelName);
    crash.postMessage({});
    crash.close();
    await Promise.race([client.ended, client.closed]);
    await until(() => rig.log.all.filter((line) => line.includes('a fault in the relay')).length === workers);

    await vi.waitFor(
      async () => {
        await using next = await dial(port);
        expect(await next.echo('after')).toBe('after');
      },
      { timeout: 30_000, interval: 10 },
    );
    await until(() => rig.active('a') === 0 && rig.totals().open === 0);
    expect(rig.totals().held).toBe(0);
    vi.unstubAllEnvs();
  });

  test('held clients are counted by service, over all workers, and those of workers that die no more', async () => {
    const channelName = `crash-${process.pid}-${driver}-held`;
    vi.stubEnv('SEALANE_TEST_CRASH', channelName);
    await using rig = planeRig(driver, { workers: 2, workerUrl: crashingWorker });
    const services = ['constructor', 'shop/api'];
    rig.publish(table(services.map((service) => pool([], { service }))));
    const portOf = async (service: string): Promise<number> => {
      const { status } = await rig.statuses.find(({ key }) => key === `${service}@0`);
      return status.kind === 'listening' ? status.port : 0;
    };
    const held = (): readonly number[] => services.map((service) => rig.plane.counters.held(service));
    const [first, second] = [await portOf('constructor'), await portOf('shop/api')];
    await using clients = new AsyncDisposableStack();
    for (const port of [first, second, second]) clients.use(await dial(port));
    await until(() => rig.totals().held === 3);
    expect(held()).toEqual([1, 2]);

    rig.publish(table([pool([], { service: 'shop/api' })]));
    await until(() => rig.plane.counters.held('constructor') === 0);
    expect([rig.plane.counters.held('shop/api'), rig.totals().held]).toEqual([2, 3]);

    const crash = new BroadcastChannel(channelName);
    crash.postMessage({});
    crash.close();
    await until(() => rig.totals().held === 0);
    expect(held()).toEqual([0, 0]);
    vi.unstubAllEnvs();
  });

  test('a worker that can never start is reported as fatal, and closing does not hang', async () => {
    const missing = new URL('./no-such-worker.ts', import.meta.url);
    const fatal = Promise.withResolvers<Error>();
    const { createPlane } = await import('../../src/relay/plane/plane.ts');
    const { createLogger } = await import('../../src/telemetry/logger.ts');
    const plane = createPlane(
      {
        logger: createLogger({ level: 'silent', format: 'json' }),
        onSessions: () => {},
        onListener: () => {},
        onFatal: (error) => fatal.resolve(error),
      },
      { workers: 1, driver, workerUrl: missing },
    );
    expect((await fatal.promise).message).toContain('no-such-worker');
    await plane.close();
  });

  test('upstreams beyond the counter slots are relayed to all the same, which is reported once', async () => {
    await using rig = planeRig(driver, { slots: 2, workerUrl });
    await using server = await serveEcho();
    const upstreams = ['a', 'b', 'c'].map((name) => upstream(name, { port: server.port }));
    const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'round-robin' })]));
    for (const _ of upstreams) {
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');
    }
    rig.publish(table([pool(upstreams)]));

    expect(rig.log.all.filter((line) => line.includes('counters-full'))).toHaveLength(1);
  });
}
