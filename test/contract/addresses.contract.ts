import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { readProxyHeader } from '../../src/relay/wire/proxy-protocol/read.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { Peer, serveNamed } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Listeners and upstreams on addresses other than IPv4: IPv6, and Unix sockets.
 */
const key = 'there';

export function describeAddresses(createRig: CreateRig): void {
  describe('addresses', () => {
    test('clients over IPv6 are relayed over IPv6, and upstreams are told their addresses', async () => {
      await using rig = createRig();
      const told = Promise.withResolvers<Buffer>();
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (bytes: Buffer) => told.resolve(bytes));
      });
      server.listen(0, '::1');
      await once(server, 'listening');
      const { port: upstreamPort } = server.address() as AddressInfo;
      const spec = upstream('v6', { endpoints: [{ host: '::1', port: upstreamPort }] });
      const port = await publishAndBind(
        rig,
        table([pool([spec], { proxyProtocol: 'v2' })], [{ ...listener('shop/api', 0, key), host: '::1' }]),
      );
      await using client = new Peer(connect({ host: '::1', port }));
      await once(client.socket, 'connect');
      client.socket.write('hello');
      const { localPort } = client.socket;

      expect(readProxyHeader(await told.promise)).toMatchObject({
        source: { host: '::1', port: localPort },
        destination: { host: '::1', port },
      });
      client.socket.destroy();
      expect(await rig.records.find(() => true)).toMatchObject({
        client: `[::1]:${localPort}`,
        endpoint: `[::1]:${upstreamPort}`,
      });
      server.close();
    });

    test('a listener on all IPv6 addresses accepts IPv4 clients as well, with their IPv4 addresses', async () => {
      await using rig = createRig();
      await using a = await serveNamed('a');
      const port = await publishAndBind(
        rig,
        table([pool([upstream('a', { port: a.port })])], [{ ...listener('shop/api', 0, key), host: '::' }]),
      );
      for (const host of ['127.0.0.1', '::1']) {
        await using client = new Peer(connect({ host, port }));
        expect(await client.read(1)).toBe('a');
      }
      await until(() => rig.records.all.length === 2);
      expect(rig.records.all.map((record) => record.client.replace(/:\d+$/, '')).toSorted()).toEqual([
        '127.0.0.1',
        '[::1]',
      ]);
    });

    test('clients that connect over a Unix socket are relayed over another; no socket file is left', async () => {
      await using folder = await tempFolder();
      const [front, back] = [`${folder.path}/front.sock`, `${folder.path}/back.sock`];
      const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
      server.listen(back);
      await once(server, 'listening');
      const rig = createRig();
      const spec = upstream('local', { endpoints: [{ host: `unix:${back}`, port: 0 }] });
      const bound = rig.statuses.next();
      rig.publish(table([pool([spec])], [{ ...listener('shop/api', 0, key), host: `unix:${front}` }]));
      expect(await bound).toEqual({ key, status: { kind: 'listening', host: `unix:${front}`, port: 0 } });
      const client = new Peer(connect({ path: front, allowHalfOpen: true }));
      const text = 'x'.repeat(500_000);
      client.socket.end(text);

      expect((await client.readToEnd()).length).toBe(text.length);
      expect(await rig.records.find(() => true)).toMatchObject({
        reason: 'finished',
        client: 'unix',
        endpoint: `unix:${back}`,
        bytesUp: text.length,
        bytesDown: text.length,
      });
      await rig.close();
      await until(() => !existsSync(front));
      server.close();
    });

    test('a Unix socket whose owner died is taken over; a socket in use or another file is not', async () => {
      await using folder = await tempFolder();
      const [dead, busy, file] = ['dead', 'busy', 'file'].map((name) => `${folder.path}/${name}`) as [
        string,
        string,
        string,
      ];
      leaveSocketBehind(dead);
      expect(existsSync(dead)).toBe(true);
      writeFileSync(file, 'precious');
      const owner = createServer().listen(busy);
      await once(owner, 'listening');
      await using rig = createRig();
      const listeners = [dead, busy, file].map((path) => ({ ...listener('shop/api', 0, path), host: `unix:${path}` }));
      rig.publish(table([pool([])], listeners));

      await rig.statuses.find((event) => event.key === dead && event.status.kind === 'listening');
      for (const taken of [busy, file]) {
        const { status } = await rig.statuses.find((event) => event.key === taken);
        expect(status).toMatchObject({ kind: 'failed', code: 'EADDRINUSE' });
        expect(existsSync(taken)).toBe(true);
      }
      owner.close();
      rmSync(file);
    });

    test('an upstream whose Unix socket is missing is retried like any other', async () => {
      await using folder = await tempFolder();
      await using rig = createRig();
      await using server = await serveNamed('b');
      const gone = upstream('a', { endpoints: [{ host: `unix:${folder.path}/none`, port: 0 }] });
      const port = await publishAndBind(rig, table([pool([gone, upstream('b', { port: server.port })])]));
      await using client = new Peer(connect({ host: '127.0.0.1', port }));

      expect(await client.read(1)).toBe('b');
      client.socket.destroy();
      expect(await rig.records.find(() => true)).toMatchObject({
        retries: 1,
        lastDialError: `ENOENT unix:${folder.path}/none`,
      });
    });
  });
}

/** Kills a process that listens on a Unix socket, so that it can't remove the socket's file. */
function leaveSocketBehind(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}
