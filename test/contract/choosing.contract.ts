import { describe, expect, test } from 'vitest';
import { createBlackhole } from '../support/sockets/blackhole.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, serve, serveEcho, serveNamed, type Peer } from '../support/sockets/sockets.ts';

/**
 * Which upstream a client gets when upstreams differ, and how sessions move when upstreams are added.
 */
export function describeChoosing(createRig: CreateRig): void {
  describe('choosing', () => {
    test('a failed dial is reported to the control side, with the upstream and the error', async () => {
      await using rig = createRig();
      await using silent = await createBlackhole();
      await using server = await serveNamed('c');
      const [refusing, hanging] = [upstream('a', { port: await freePort() }), upstream('b', { port: silent.port })];
      const upstreams = [refusing, hanging, upstream('c', { port: server.port })];
      const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first', connectTimeoutMs: 145 })]));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('c');
      await until(() => rig.suspects.all.length === 2);
      expect(rig.suspects.all).toEqual([
        { key: 'a', error: `ECONNREFUSED ${at(refusing.endpoints[0]?.port)}` },
        { key: 'b', error: `ETIMEDOUT ${at(silent.port)}` },
      ]);
    });

    test('a suspect is dialed only when no other upstream is left, and then it is', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const doubted = upstream('a', { port: a.port, availability: 'suspect' });
      const other = upstream('b', { port: b.port });
      const port = await publishAndBind(rig, table([pool([doubted, other])]));
      for (const _ of [1, 2, 3]) {
        await using client = await dial(port);
        expect(await client.read(1)).toBe('b');
      }
      b.server.close();
      await Promise.all(b.peers.map((peer) => peer[Symbol.asyncDispose]()));
      await using client = await dial(port);

      expect(await client.read(1)).toBe('a');
    });

    test('a backup gets clients only while no other upstream answers', async () => {
      await using rig = createRig();
      await using backup = await serveNamed('b');
      const later = await freePort();
      const primary = upstream('a', { port: later });
      const standby = upstream('b', { port: backup.port, backup: true });
      const port = await publishAndBind(rig, table([pool([standby, primary])]));
      await using first = await dial(port);
      expect(await first.read(1)).toBe('b');
      await using server = await serveNamed('a', later);
      rig.publish(table([pool([standby, { ...primary, availability: 'suspect' }])]));
      rig.publish(table([pool([standby, primary])]));
      // The table may still be on its way to another thread: from the first such answer on it is applied.
      for (let name = ''; name !== 'a';) {
        await using client = await dial(port);
        name = await client.read(1);
      }
      for (const _ of [1, 2, 3]) {
        await using client = await dial(port);
        expect(await client.read(1)).toBe('a');
      }
      expect(server.peers).toHaveLength(4);
      expect(await first.echo('stays')).toBe('stays');
    });

    test('a pool that prefers local upstreams dials remote ones while no local one can take a client', async () => {
      await using rig = createRig();
      await using far = await serveNamed('f');
      await using server = await serveNamed('n');
      const remote = upstream('f', { port: far.port, isRemote: true });
      const local = upstream('n', { port: server.port, maxConnections: 1 });
      const port = await publishAndBind(rig, table([pool([remote, local], { prefer: 'local' })]));
      const first = await dial(port);
      expect(await first.read(1)).toBe('n');
      await using beyond = await dial(port);
      expect(await beyond.read(1)).toBe('f');
      await first[Symbol.asyncDispose]();
      await until(() => rig.active('n') === 0);
      await using again = await dial(port);
      expect(await again.read(1)).toBe('n');

      await server[Symbol.asyncDispose]();
      await using failedOver = await dial(port);
      expect(await failedOver.read(1)).toBe('f');
      rig.publish(table([pool([remote, local])]));
      expect(await beyond.echo('stays')).toBe('stays');
    });

    test('an upstream gets no more sessions at once than its limit; other clients wait, and go in order', async () => {
      await using rig = createRig();
      const order: string[] = [];
      await using server = await serve(({ socket }) => void socket.once('data', (name) => order.push(name.toString())));
      const limited = upstream('a', { port: server.port, maxConnections: 2 });
      const port = await publishAndBind(rig, table([pool([limited])]));
      const clients: Peer[] = [];
      for (const name of ['1', '2', '3', '4', '5', '6']) {
        const client = await dial(port);
        client.socket.write(name);
        clients.push(client);
        const held = Math.max(0, clients.length - 2);
        await until(() => rig.totals().held === held && order.length === clients.length - held);
      }
      for (let ended = 0; ended < 6; ended++) {
        expect(rig.active('a')).toBe(Math.min(2, 6 - ended));
        clients[ended]?.socket.end();
        server.peers[ended]?.socket.end();
        const next = Math.min(6, ended + 3);
        await until(() => order.length === next && rig.records.all.length === ended + 1);
      }

      expect(order).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(rig.records.all.map(({ reason, retries }) => [reason, retries])).toEqual(
        clients.map(() => ['finished', 0]),
      );
      expect(rig.suspects.all).toEqual([]);
    });

    test('500 held clients are all let in, spread over the upstreams', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const port = await publishAndBind(rig, table([pool([], { maxHeld: 1_000 })]));
      const clients = await Promise.all(Array.from({ length: 500 }, () => dial(port)));
      await until(() => rig.totals().held === 500);
      const upstreams = [upstream('a', { port: a.port }), upstream('b', { port: b.port })];
      rig.publish(table([pool(upstreams, { maxHeld: 1_000 })]));

      const answers = await Promise.all(clients.map((client) => client.read(1)));
      expect(Math.abs(answers.filter((name) => name === 'a').length - 250)).toBeLessThanOrEqual(1);
      expect(rig.totals().held).toBe(0);
    });

    test('after a scale-up idle sessions end in order and reach the new upstream; busy ones go on', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      await using b = await serveNamed('b');
      const rebalanced = { rebalanceIdleMs: 500 };
      const first = upstream('a', { port: a.port });
      const port = await publishAndBind(rig, table([pool([first], rebalanced)]));
      const clients = await Promise.all(Array.from({ length: 4 }, () => dial(port)));
      for (const client of clients) expect(await client.read(1)).toBe('a');
      const [busy, ...idle] = clients;
      if (!busy) throw new Error('a fourth session is expected');
      const talking = setInterval(() => busy.socket.write('.'), 100);
      using stack = new DisposableStack();
      stack.defer(() => clearInterval(talking));
      rig.publish(table([pool([first, upstream('b', { port: b.port })], rebalanced)]));
      await until(() => rig.records.all.length === 1);
      await Promise.race(idle.map((client) => client.ended));
      await using back = await dial(port);
      expect(await back.read(1)).toBe('b');
      await until(() => rig.records.all.length === 2);
      await until(() => idle.filter(({ sawEnd }) => sawEnd).length === 2);

      for (const client of idle.filter(({ sawEnd }) => sawEnd)) {
        client.socket.end();
        expect(await client.closed).toBe('ended');
      }
      const endedPeers = a.peers.filter(({ sawEnd }) => sawEnd);
      expect(endedPeers).toHaveLength(2);
      for (const peer of endedPeers) expect(await peer.closed).toBe('ended');
      expect(busy.sawEnd).toBe(false);
      expect(rig.records.all.map(({ reason, upstream: name }) => [reason, name])).toEqual([
        ['rebalanced', 'a'],
        ['rebalanced', 'a'],
      ]);
      expect(rig.active('a')).toBe(2);
    });

    test('a place is free again as soon as its session is over, however it ended', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const limited = upstream('a', { port: server.port, maxConnections: 1 });
      const port = await publishAndBind(rig, table([pool([limited])]));
      for (let turn = 0; turn < 50; turn++) {
        await using client = await dial(port);
        expect(await client.echo('hello')).toBe('hello');
        if (turn % 2 === 0) client.socket.resetAndDestroy();
        else client.socket.end();
      }
      await until(() => rig.records.all.length === 50);

      expect(rig.active('a')).toBe(0);
    });
  });
}

function at(port: number | undefined): string {
  return `127.0.0.1:${port}`;
}
