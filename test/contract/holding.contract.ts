import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { resetNow } from '../../src/relay/driver/stream/reset.ts';
import type { PoolSpec } from '../../src/relay/boundary/table.ts';
import { createBlackhole } from '../support/sockets/blackhole.ts';
import { publishAndBind, until, untilKernel, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, serve, serveEcho, serveNamed, type Peer } from '../support/sockets/sockets.ts';

/**
 * The behaviour towards a client while upstreams refuse, are silent or missing: another upstream, time, or a clear end.
 */
export function describeHolding(createRig: CreateRig): void {
  describe('dials and the hold', () => {
    test('an upstream that refuses costs its client nothing but a retry', async () => {
      await using rig = createRig();
      await using server = await serveNamed('b');
      const refusing = upstream('a', { port: await freePort() });
      const port = await publishAndBind(rig, table([pool([refusing, upstream('b', { port: server.port })])]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('b');
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'b', retries: 1, reason: 'finished', heldMs: 0 });
      expect(record.lastDialError).toMatch(/^ECONNREFUSED 127\.0\.0\.1:\d+$/);
    });

    test('an upstream that resets before a byte has passed costs its client nothing but a retry', async () => {
      await using rig = createRig();
      await using dying = await serve(resetSoon);
      await using server = await serveNamed('b');
      const upstreams = [upstream('a', { port: dying.port }), upstream('b', { port: server.port })];
      const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first' })]));
      // The client sends nothing first, as clients of MySQL and SSH don't, and then does.
      await using client = await dial(port);
      expect(await client.read(1)).toBe('b');
      expect(client.sawEnd).toBe(false);
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'b', retries: 1, reason: 'finished' });
      expect(record.lastDialError).toBe(`ECONNRESET 127.0.0.1:${dying.port}`);
      expect(rig.active('a')).toBe(0);
    });

    test('a client whose only upstream dies so waits for it', async () => {
      await using rig = createRig();
      const port = await freePort();
      const listen = await publishAndBind(rig, table([pool([upstream('a', { port })])]));
      await using dying = await serve(({ socket }) => {
        // The port is closed first: the client's next dial would else be accepted, and end as if it were answered.
        dying.server.close();
        resetSoon({ socket });
      }, port);
      await using client = await dial(listen);
      await until(() => rig.totals().held === 1);
      client.socket.write('said while it waits');
      await using again = await serveEcho(port);
      expect(await client.read('said while it waits'.length)).toBe('said while it waits');
      expect(again.peers).toHaveLength(1);
    });

    test('clients of a service that can not be woken are told so: in HTTP, or by an end in order', async () => {
      await using rig = createRig();
      const asleep = (more: Partial<PoolSpec> = {}): PoolSpec => pool([], { wakes: true, ...more });
      const port = await publishAndBind(rig, table([asleep()]));
      await using web = await dial(port);
      await using other = await dial(port);
      web.socket.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
      await until(() => rig.totals().held === 2);
      const next = table([asleep({ wakeFailure: 'web-1: port is already allocated' })]);
      rig.publish({ ...next, version: next.version + 1 });
      expect(await web.readToEnd()).toMatch(/^HTTP\/1\.1 503 [^]*web-1: port is already allocated\n$/);
      expect(await other.readToEnd()).toBe('');
      expect(other.sawEnd).toBe(true);
      const record = await rig.records.find(({ reason }) => reason === 'wake-failed');
      expect(record.detail).toBe('web-1: port is already allocated');
    });

    test('a client of an upstream that resets every connection is reset in the end', async () => {
      await using rig = createRig();
      await using server = await serve(resetSoon);
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
      await using client = await dial(port);
      expect(await client.closed).toBe('reset');
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'a', reason: 'upstream-reset' });
      // On a busy machine a reset may come with the answer, which is a failed dial before the first loss.
      expect(record.retries).toBeGreaterThanOrEqual(3);
    });

    test('the addresses of one upstream are tried in order', async () => {
      await using rig = createRig();
      await using server = await serveNamed('v4');
      const twoAddresses = upstream('localhost', {
        endpoints: [
          { host: '127.0.0.1', port: await freePort() },
          { host: '127.0.0.1', port: server.port },
        ],
      });
      const port = await publishAndBind(rig, table([pool([twoAddresses])]));
      for (const retries of [1, 0]) {
        await using client = await dial(port);
        expect(await client.read(2)).toBe('v4');
        const ended = rig.records.next();
        client.socket.end();
        expect(await ended).toMatchObject({ retries, endpoint: `127.0.0.1:${server.port}` });
      }
    });

    test('a dial that is never answered is given up at its deadline, and the next upstream is dialed', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using server = await serveNamed('b');
      const upstreams = [upstream('a', { port: silent.port }), upstream('b', { port: server.port })];
      const port = await publishAndBind(rig, table([pool(upstreams, { connectTimeoutMs: 145 })]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('b');
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ retries: 1, lastDialError: `ETIMEDOUT 127.0.0.1:${silent.port}` });
      expect(record.totalMs - record.dialMs).toBeGreaterThanOrEqual(140);
      expect(rig.active('a')).toBe(0);
    });

    test('an upstream that answers late gets its client', async () => {
      await using rig = createRig();
      await using slow = await createBlackhole();
      const upstreams = [upstream('a', { port: slow.port })];
      const port = await publishAndBind(rig, table([pool(upstreams, { connectTimeoutMs: 60_000 })]));
      await using client = await dial(port);
      await until(() => rig.active('a') === 1);
      slow.wake();

      expect(await client.read(5)).toBe('awake');
      client.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'a', retries: 0 });
    });

    test('an upstream that does not answer a dial gets a second one, and serves its client once', async () => {
      await using rig = createRig();
      await using slow = await createBlackhole();
      const upstreams = [upstream('a', { port: slow.port, maxConnections: 2 })];
      const port = await publishAndBind(rig, table([pool(upstreams, { connectTimeoutMs: 60_000 })]));
      const before = slow.unanswered();
      await using client = await dial(port);
      await untilKernel(() => slow.unanswered() === before + 2);
      expect(rig.active('a')).toBe(2);
      slow.wake();

      expect(await client.read(5)).toBe('awake');
      expect(rig.active('a')).toBe(1);
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'a', retries: 0, lastDialError: undefined });
      expect(rig.active('a')).toBe(0);
    });

    test('an upstream whose first address does not answer gets its client at the next one', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using server = await serveNamed('a');
      const endpoints = [silent, server].map(({ port }) => ({ host: '127.0.0.1', port }));
      const options = { connectTimeoutMs: 60_000 } as const;
      const port = await publishAndBind(rig, table([pool([upstream('a', { endpoints })], options)]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('a');
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ endpoint: `127.0.0.1:${server.port}`, retries: 0, lastDialError: undefined });
      expect(rig.suspects.all).toEqual([]);
    });

    test('a dial that is not answered for 150 ms gets another beside it, which is no failure of the first', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using server = await serveNamed('b');
      const upstreams = [upstream('a', { port: silent.port }), upstream('b', { port: server.port })];
      const options = { balance: 'first', connectTimeoutMs: 60_000 } as const;
      const port = await publishAndBind(rig, table([pool(upstreams, options)]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('b');
      expect([rig.active('a'), rig.active('b')]).toEqual([0, 1]);
      expect(await client.echo('whole')).toBe('whole');
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'b', retries: 0, lastDialError: undefined, reason: 'finished' });
      expect(record.totalMs - record.dialMs).toBeGreaterThanOrEqual(145);
      expect(rig.suspects.all).toEqual([]);
    });

    test('an upstream that refuses late costs its client nothing but a retry', async () => {
      await using rig = createRig();
      await using slow = await createBlackhole();
      await using server = await serveNamed('b');
      // No backup is dialed beside a primary that is slow.
      const upstreams = [upstream('a', { port: slow.port }), upstream('b', { port: server.port, backup: true })];
      const port = await publishAndBind(rig, table([pool(upstreams, { connectTimeoutMs: 60_000 })]));
      await using client = await dial(port);
      await until(() => rig.active('a') === 1);
      await slow[Symbol.asyncDispose]();

      expect(await client.read(1)).toBe('b');
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ upstream: 'b', lastDialError: `ECONNREFUSED 127.0.0.1:${slow.port}` });
      expect(record.retries).toBeGreaterThan(0);
    });

    test('bytes that a client sends before an upstream answers arrive once, after any number of retries', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const upstreams = [upstream('a', { port: await freePort() }), upstream('b', { port: await freePort() })];
      const port = await publishAndBind(rig, table([pool(upstreams)]));
      await using client = await dial(port);
      client.socket.end('x'.repeat(300_000));
      await until(() => rig.totals().held === 1);
      rig.publish(table([pool([...upstreams, upstream('c', { port: server.port })])]));

      expect(await client.readToEnd()).toBe('x'.repeat(300_000));
    });

    test('clients are held while no upstream is ready, and released in order when one is', async () => {
      await using rig = createRig();
      const order: string[] = [];
      await using server = await serve(({ socket }) => {
        socket.once('data', (name) => {
          order.push(name.toString());
          socket.end(name);
        });
      });
      const port = await publishAndBind(rig, table([pool([])]));
      const clients: Peer[] = [];
      for (const name of ['1', '2', '3', '4', '5']) {
        const client = await dial(port);
        client.socket.write(name);
        clients.push(client);
        await until(() => rig.totals().held === clients.length);
      }
      rig.publish(table([pool([upstream('a', { port: server.port })])]));

      expect(await Promise.all(clients.map((client) => client.readToEnd()))).toEqual(['1', '2', '3', '4', '5']);
      expect(order[0]).toBe('1');
      expect(rig.totals().held).toBe(0);
      for (const client of clients) client.socket.end();
      await until(() => rig.records.all.length === 5);
      for (const record of rig.records.all) expect(record.heldMs).toBeGreaterThan(0);
    });

    test('clients are held while every upstream refuses, until one answers', async () => {
      await using rig = createRig();
      const later = await freePort();
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: later })])]));
      const clients = await Promise.all(Array.from({ length: 20 }, () => dial(port)));
      await until(() => rig.totals().held === 20);
      await using server = await serve(({ socket }) => void socket.end('at last'), later);

      expect(await Promise.all(clients.map((client) => client.readToEnd()))).toEqual(
        Array.from({ length: 20 }, () => 'at last'),
      );
      expect(server.peers).toHaveLength(20);
    });

    test('clients that are released are spread over the upstreams', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const port = await publishAndBind(rig, table([pool([])]));
      const clients = await Promise.all(Array.from({ length: 20 }, () => dial(port)));
      await until(() => rig.totals().held === 20);
      rig.publish(table([pool([upstream('a', { port: a.port }), upstream('b', { port: b.port })])]));

      const answers = await Promise.all(clients.map((client) => client.read(1)));
      expect(answers.filter((name) => name === 'a')).toHaveLength(10);
    });

    test('a held client of a silent upstream goes to a new one at once', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using server = await serveNamed('b');
      const port = await publishAndBind(rig, table([pool([])]));
      await using client = await dial(port);
      await until(() => rig.totals().held === 1);
      const first = upstream('a', { port: silent.port });
      rig.publish(table([pool([first], { connectTimeoutMs: 60_000 })]));
      await until(() => rig.active('a') === 1);
      rig.publish(table([pool([first, upstream('b', { port: server.port })], { connectTimeoutMs: 60_000 })]));

      expect(await client.read(1)).toBe('b');
    });

    test('a client is held no longer than the hold, then reset, with no end before that looks like an answer', async () => {
      await using rig = createRig();
      const port = await publishAndBind(
        rig,
        table([pool([upstream('a', { port: await freePort() })], { holdMs: 150 })]),
      );
      await using client = await dial(port);
      client.socket.resume();

      expect(await client.closed).toBe('reset');
      expect(client.sawEnd).toBe(false);
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ reason: 'hold-expired', upstream: undefined, bytesUp: 0 });
      expect(record.totalMs).toBeGreaterThanOrEqual(145);
      expect(record.lastDialError).toMatch(/^ECONNREFUSED/);
      expect(rig.totals()).toMatchObject({ accepted: 1, held: 0, open: 0 });
    });

    test('without a hold a client that finds no upstream is reset at once', async () => {
      await using rig = createRig();
      const port = await publishAndBind(rig, table([pool([], { holdMs: 0 })]));
      await using client = await dial(port);

      expect(await client.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('hold-expired');
    });

    test('one client more than may be held is reset at once, the others go on waiting', async () => {
      await using rig = createRig();
      await using server = await serveNamed('a');
      const port = await publishAndBind(rig, table([pool([], { maxHeld: 2 })]));
      await using first = await dial(port);
      await using second = await dial(port);
      await until(() => rig.totals().held === 2);
      await using third = await dial(port);

      expect(await third.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('hold-full');
      rig.publish(table([pool([upstream('a', { port: server.port })])]));
      expect(await Promise.all([first.read(1), second.read(1)])).toEqual(['a', 'a']);
    });

    test.each(['reset', 'ended', 'reset after sending'] as const)(
      'a held client that gives up (%s) leaves no trace',
      async (how) => {
        await using rig = createRig();
        await using server = await serveNamed('a');
        const port = await publishAndBind(rig, table([pool([])]));
        await using client = await dial(port);
        await until(() => rig.totals().held === 1);
        if (how === 'reset after sending') client.socket.write('hello');
        if (how === 'ended') client.socket.end();
        else client.socket.resetAndDestroy();

        expect(await rig.records.find(() => true)).toMatchObject({ reason: 'client-gave-up', upstream: undefined });
        expect(rig.totals()).toMatchObject({ accepted: 1, held: 0, open: 0 });
        rig.publish(table([pool([upstream('a', { port: server.port })])]));
        await using next = await dial(port);
        expect(await next.read(1)).toBe('a');
        expect(server.peers).toHaveLength(1);
      },
    );

    test.each(['closes', 'ends its direction, and closes later'] as const)(
      'a held client that has sent bytes and %s gives its place to another',
      async (how) => {
        await using rig = createRig();
        await using server = await serveNamed('a');
        const port = await publishAndBind(rig, table([pool([], { maxHeld: 1 })]));
        await using client = await dial(port);
        await until(() => rig.totals().held === 1);
        client.socket.write('a question');
        if (how === 'closes') client.socket.destroy();
        else {
          client.socket.end();
          await halfClosed(client.socket);
          expect(rig.totals().held).toBe(1);
          client.socket.destroy();
        }

        const record = await rig.records.find(() => true);
        expect(record).toMatchObject({ reason: 'client-gave-up', upstream: undefined });
        expect(rig.totals()).toMatchObject({ accepted: 1, held: 0, open: 0 });
        await using next = await dial(port);
        await until(() => rig.totals().held === 1);
        rig.publish(table([pool([upstream('a', { port: server.port })])]));
        expect(await next.read(1)).toBe('a');
        expect(server.peers).toHaveLength(1);
      },
    );

    test('what a client has sent before it closed reaches an upstream that is ready', async () => {
      await using rig = createRig();
      await using slow = await createBlackhole();
      await using server = await serve();
      const upstreams = [upstream('a', { port: slow.port }), upstream('b', { port: server.port })];
      const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first', connectTimeoutMs: 60_000 })]));
      await using client = await dial(port);
      client.socket.write('a log line');
      client.socket.destroy();

      const peer = await server.accept();
      expect(await peer.readToEnd()).toBe('a log line');
    });

    test('a held client that has asked and ended its direction gets its answer', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, table([pool([])]));
      await using client = await dial(port);
      client.socket.end('question');
      await until(() => rig.totals().held === 1);
      rig.publish(table([pool([upstream('a', { port: server.port })])]));

      expect(await client.readToEnd()).toBe('question');
      expect((await rig.records.find(() => true)).reason).toBe('finished');
    });

    test('a client that leaves while an upstream is dialed for it aborts the dial', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: silent.port })])]));
      await using client = await dial(port);
      await until(() => rig.active('a') === 1);
      client.socket.resetAndDestroy();

      expect((await rig.records.find(() => true)).reason).toBe('client-gave-up');
      expect(rig.active('a')).toBe(0);
    });

    test('held clients wait on by service name while a table drops the service and another brings it back', async () => {
      await using rig = createRig();
      await using server = await serveNamed('a');
      const port = await publishAndBind(rig, table([pool([])]));
      await using client = await dial(port);
      await until(() => rig.totals().held === 1);
      rig.publish(table([]));
      rig.publish(table([pool([upstream('a', { port: server.port })])], [listener('shop/api', 0, 'another')]));

      expect(await client.read(1)).toBe('a');
    });
  });
}

/**
 * Resolves when the kernel has the acknowledgement of the socket's end: its state is then FIN_WAIT2 (proc(5),
 * /proc/net/tcp).
 */
async function halfClosed({ localPort = 0 }: Socket): Promise<void> {
  const local = `0100007F:${localPort.toString(16).toUpperCase().padStart(4, '0')} `;
  await untilKernel(() =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .some((line) => line.includes(`: ${local}`) && line.includes(' 05 ')),
  );
}

/** Resets after the dial has been answered: a reset that comes with the answer is a failed dial. */
function resetSoon({ socket }: { readonly socket: Socket }): void {
  setTimeout(() => resetNow(socket), 20);
}
