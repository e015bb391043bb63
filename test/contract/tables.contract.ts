import { describe, expect, test } from 'vitest';
import { createBlackhole } from '../support/sockets/blackhole.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, refusal, serve, serveEcho, serveNamed } from '../support/sockets/sockets.ts';

/**
 * What a new table changes, and what it leaves as it is.
 */
export function describeTables(createRig: CreateRig): void {
  describe('tables', () => {
    test('a table that changes something else keeps listeners and sessions', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const first = upstream('a', { port: a.port });
      const port = await publishAndBind(rig, table([pool([first])]));
      await using client = await dial(port);
      expect(await client.read(1)).toBe('a');
      const other = pool([upstream('b', { port: b.port })], { service: 'shop/web' });
      await publishAndBind(rig, table([other, pool([{ ...first, weight: 7, availability: 'ready' }])]));

      expect(await client.echo('still here')).toBe('still here');
      await using next = await dial(port);
      expect(await next.read(1)).toBe('a');
      expect(rig.statuses.all.filter(({ key }) => key === 'shop/api@0')).toHaveLength(1);
      expect(rig.records.all).toEqual([]);
    });

    test.each([{ availability: 'unavailable' }, { weight: 0 }] as const)(
      'an upstream that accepts no more sessions (%o) keeps those it has',
      async (change) => {
        await using rig = createRig();
        await using a = await serveNamed('a');
        await using b = await serveNamed('b');
        const first = upstream('a', { port: a.port });
        const port = await publishAndBind(rig, table([pool([first])]));
        await using client = await dial(port);
        expect(await client.read(1)).toBe('a');
        const stopped = { ...first, ...change };
        const service = pool([stopped, upstream('b', { port: b.port })]);
        const marker = pool([], { service: 'marker' });
        await publishAndBind(rig, table([marker, service], [listener('marker'), listener()]));

        for (const _ of [1, 2, 3]) {
          await using next = await dial(port);
          expect(await next.read(1)).toBe('b');
        }
        expect(await client.echo('still here')).toBe('still here');
      },
    );

    test('a container that joins another network keeps its sessions; those at an address that it leaves are ended', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const [first, second] = [
        { host: '127.0.0.1', port: a.port },
        { host: '127.0.0.1', port: b.port },
      ];
      const one = upstream('a', { endpoints: [first], ownsAddresses: true });
      const port = await publishAndBind(rig, table([pool([one])]));
      await using client = await dial(port);
      expect(await client.read(1)).toBe('a');
      const more = pool([{ ...one, endpoints: [second, first] }]);
      await publishAndBind(rig, table([pool([], { service: 'marker' }), more], [listener('marker'), listener()]));
      expect(await client.echo('still here')).toBe('still here');
      await using next = await dial(port);
      expect(await next.read(1)).toBe('b');

      rig.publish(table([pool([{ ...one, endpoints: [second] }])]));
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'upstream-gone' });
      expect(await next.echo('still here')).toBe('still here');
    });

    test('an upstream that belongs to another service now takes its sessions along', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      const one = upstream('a', { port: a.port });
      const port = await publishAndBind(rig, table([pool([one])]));
      await using client = await dial(port);
      expect(await client.read(1)).toBe('a');
      const renamed = await publishAndBind(rig, table([pool([one], { service: 'shop/renamed' })]));

      expect(await client.echo('still here')).toBe('still here');
      expect(rig.active('a')).toBe(1);
      await using next = await dial(renamed);
      expect(await next.read(1)).toBe('a');
      client.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({ service: 'shop/renamed', upstream: 'a' });
    });

    test('two services that swap names keep their sessions, and each its upstream', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const [first, second] = [upstream('a', { port: a.port }), upstream('b', { port: b.port })];
      const before = [pool([first], { service: 'one' }), pool([second], { service: 'two' })];
      const listeners = [listener('one'), listener('two')];
      rig.publish(table(before, listeners));
      const portOf = async (key: string): Promise<number> => {
        const { status } = await rig.statuses.find((event) => event.key === key && event.status.kind === 'listening');
        return status.kind === 'listening' ? status.port : 0;
      };
      await using client = await dial(await portOf('one@0'));
      await using other = await dial(await portOf('two@0'));
      expect([await client.read(1), await other.read(1)]).toEqual(['a', 'b']);
      const after = [pool([second], { service: 'one' }), pool([first], { service: 'two' })];
      rig.publish(table(after, listeners));
      await publishAndBind(rig, table([...after, pool([], { service: 'marker' })], [listener('marker'), ...listeners]));

      expect([await client.echo('x'), await other.echo('y')]).toEqual(['x', 'y']);
      await using next = await dial(await portOf('one@0'));
      expect(await next.read(1)).toBe('b');
      client.socket.end();
      const { reason } = await rig.records.find(({ service, upstream: served }) => service === 'two' && served === 'a');
      expect(reason).toBe('finished');
    });

    test('held clients of a service that is renamed are served under its new name', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      const waits = upstream('a', { port: a.port, availability: 'unavailable' });
      const port = await publishAndBind(rig, table([pool([waits])]));
      await using client = await dial(port);
      await until(() => rig.totals().held === 1);
      await publishAndBind(rig, table([pool([waits], { service: 'shop/renamed' })]));
      expect(rig.totals().held).toBe(1);
      rig.publish(table([pool([{ ...waits, availability: 'ready' }], { service: 'shop/renamed' })]));

      expect(await client.read(1)).toBe('a');
      await until(() => rig.totals().held === 0);
    });

    test('dials to an upstream that is gone are aborted at once, and their clients get another upstream', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using b = await serveNamed('b');
      const slow = { connectTimeoutMs: 60_000 };
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: silent.port })], slow)]));
      await using client = await dial(port);
      await until(() => rig.active('a') === 1);
      rig.publish(table([pool([upstream('b', { port: b.port })], slow)]));

      expect(await client.read(1)).toBe('b');
      expect(rig.active('a')).toBe(0);
      client.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({
        retries: 1,
        lastDialError: `gone 127.0.0.1:${silent.port}`,
      });
    });

    test('a dial that was aborted never reaches the upstream, though it answers later', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      const slow = { connectTimeoutMs: 60_000 };
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: silent.port })], slow)]));
      await using client = await dial(port);
      client.socket.write('for one upstream only');
      await until(() => rig.active('a') === 1);
      rig.publish(table([pool([], slow)]));
      await until(() => rig.totals().held === 1);
      silent.wake();
      await using direct = await dial(silent.port);

      expect(await direct.read(5)).toBe('awake');
      expect(rig.totals().held).toBe(1);
    });

    test('sessions of an upstream that is gone are reset, after the bytes that it had sent are delivered', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
      await using client = await dial(port);
      const peer = await server.accept();
      peer.socket.write('x'.repeat(1_000_000));
      const first = await client.read(1);
      rig.publish(table([pool([])]));

      expect(first + (await client.read(999_999))).toHaveLength(1_000_000);
      expect(await client.closed).toBe('reset');
      expect(await peer.closed).toBe('reset');
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'upstream-gone', bytesDown: 1_000_000 });
      expect(rig.active('a')).toBe(0);
    });

    test('a listener that is no longer in the table is closed at once, and its sessions go on', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const service = pool([upstream('a', { port: server.port })]);
      const port = await publishAndBind(rig, table([service]));
      await using client = await dial(port);
      expect(await client.echo('before')).toBe('before');
      await publishAndBind(rig, table([service], [listener('shop/api', 0, 'another')]));

      await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
      expect(await client.echo('after')).toBe('after');
    });

    test('a listener that is given to another service keeps its socket', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const pools = [
        pool([upstream('a', { port: a.port })]),
        pool([upstream('b', { port: b.port })], { service: 'shop/web' }),
      ];
      const port = await publishAndBind(rig, table(pools, [listener('shop/api', 0, 'one')]));
      await publishAndBind(rig, table(pools, [listener('shop/api', 0, 'marker'), listener('shop/web', 0, 'one')]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('b');
    });

    test('a port that is taken is reported and bound once it is free; other listeners are not affected', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const taker = await serve();
      const service = pool([upstream('a', { port: server.port })]);
      rig.publish(table([service], [listener('shop/api', taker.port, 'taken'), listener('shop/api', 0, 'free')]));
      const failed = await rig.statuses.find(({ key }) => key === 'taken');
      const { status } = await rig.statuses.find(({ key }) => key === 'free');
      expect(failed.status).toMatchObject({ kind: 'failed', code: 'EADDRINUSE' });
      await using client = await dial(status.kind === 'listening' ? status.port : 0);
      expect(await client.echo('meanwhile')).toBe('meanwhile');

      const bound = rig.statuses.next(({ key }) => key === 'taken');
      await taker[Symbol.asyncDispose]();
      expect((await bound).status).toEqual({ kind: 'listening', host: '127.0.0.1', port: taker.port });
      await using late = await dial(taker.port);
      expect(await late.echo('now')).toBe('now');
    });

    test('an address that this machine does not have is reported with its code', async () => {
      await using rig = createRig();
      rig.publish(table([pool([])], [{ ...listener(), host: '192.0.2.1' }]));

      expect((await rig.statuses.find(() => true)).status).toMatchObject({ kind: 'failed', code: 'EADDRNOTAVAIL' });
    });

    test('a drain stops accepting, lets sessions and held clients finish, and ends when they have', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const running = pool([upstream('a', { port: server.port })]);
      const waiting = pool([], { service: 'shop/web' });
      const port = await publishAndBind(rig, table([running, waiting]));
      const web = await rig.statuses.find(({ key }) => key === 'shop/web@0');
      await using client = await dial(port);
      await using held = await dial(web.status.kind === 'listening' ? web.status.port : 0);
      expect(await client.echo('before')).toBe('before');
      await until(() => rig.totals().held === 1);
      let drained = false;
      const drain = rig.drain(30_000).then(() => (drained = true));

      await expect.poll(() => refusal(port)).toContain('ECONNREFUSED');
      expect(await client.echo('during')).toBe('during');
      client.socket.end();
      expect(await client.closed).toBe('ended');
      expect(drained).toBe(false);
      rig.publish(table([running, { ...waiting, upstreams: [upstream('a', { port: server.port })] }]));
      expect(await held.echo('released')).toBe('released');
      held.socket.end();
      await drain;
      await until(() => rig.records.all.filter(({ bytesDown }) => bytesDown > 0).length === 2);
    });

    test('sessions that are left at the deadline of a drain are reset, with reason shutdown', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
      await using client = await dial(port);
      expect(await client.echo('before')).toBe('before');
      await rig.drain(100);

      expect(await client.closed).toBe('reset');
      expect(client.sawEnd).toBe(false);
      expect((await rig.records.find(() => true)).reason).toBe('shutdown');
    });

    test('a client that does not read cannot delay the end of a drain', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => void socket.write(Buffer.alloc(32 * 1024 * 1024)));
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
      await using client = await dial(port);
      await until(() => rig.bytes('a').down > 0);
      await rig.drain(50);

      expect((await rig.records.find(() => true)).reason).toBe('shutdown');
      expect(rig.active('a')).toBe(0);
      // Node doesn't notice a reset on a socket that it doesn't read.
      client.socket.resume();
      expect(await client.closed).toBe('reset');
    });

    test('closing ends every session and records each', async () => {
      await using server = await serveEcho();
      const rig = createRig();
      const port = await publishAndBind(rig, table([pool([upstream('a', { port: server.port })])]));
      const clients = await Promise.all(Array.from({ length: 50 }, () => dial(port)));
      await Promise.all(clients.map((client) => client.echo('hello')));
      await rig.close();

      expect(await Promise.all(clients.map((client) => client.closed))).toEqual(clients.map(() => 'reset'));
      expect(rig.records.all.map(({ reason }) => reason)).toEqual(clients.map(() => 'shutdown'));
    });
  });
}
