import { resetNow } from '../../src/relay/driver/stream/reset.ts';
import { describe, expect, test } from 'vitest';
import { pour, soak } from '../support/sockets/bulk.ts';
import { publishAndBind, until, type CreateRig, type Rig } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, serveEcho, type TestServer } from '../support/sockets/sockets.ts';
import type { PoolSpec } from '../../src/relay/boundary/table.ts';

/**
 * The behaviour of any driver towards a session's bytes and endings.
 */
const megabyte = 1024 * 1024;

export function describeBytes(createRig: CreateRig): void {
  const bind = (rig: Rig, server: TestServer, options: Partial<PoolSpec> = {}): Promise<number> =>
    publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })], options)]));

  describe('bytes', () => {
    test('50 MB go both ways at once and arrive unchanged', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server);
      await using client = await dial(port);
      const clientPort = client.socket.localPort;
      const peer = await server.accept();

      const [up, down, upArrived, downArrived] = await Promise.all([
        pour(client.socket, 50 * megabyte, 1),
        pour(peer.socket, 50 * megabyte, 2),
        soak(peer.socket),
        soak(client.socket),
      ]);

      expect(upArrived).toEqual({ length: 50 * megabyte, checksum: up });
      expect(downArrived).toEqual({ length: 50 * megabyte, checksum: down });
      expect(await rig.records.find(() => true)).toMatchObject({
        reason: 'finished',
        bytesUp: 50 * megabyte,
        bytesDown: 50 * megabyte,
        upstream: 'api-1',
        endpoint: `127.0.0.1:${server.port}`,
        client: `127.0.0.1:${clientPort}`,
        retries: 0,
      });
      expect(rig.bytes('api-1')).toEqual({ up: 50 * megabyte, down: 50 * megabyte });
      expect(rig.active('api-1')).toBe(0);
    });

    test('a client that ends its direction still gets the whole answer', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server);
      await using client = await dial(port);
      client.socket.end('question');
      const peer = await server.accept();

      expect(await peer.readToEnd()).toBe('question');
      peer.socket.write('an ');
      expect(await client.read(3)).toBe('an ');
      peer.socket.end('answer');

      expect(await client.readToEnd()).toBe('answer');
      expect(await client.closed).toBe('ended');
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 8, bytesDown: 9 });
    });

    test('an upstream that ends its direction still gets the client’s bytes', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server);
      await using client = await dial(port);
      const peer = await server.accept();
      peer.socket.end('enough');

      expect(await client.readToEnd()).toBe('enough');
      client.socket.write('one more ');
      expect(await peer.read(9)).toBe('one more ');
      client.socket.end('thing');

      expect(await peer.readToEnd()).toBe('thing');
      expect((await rig.records.find(() => true)).reason).toBe('finished');
    });

    test('an upstream may speak first', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => void socket.write('220 ready\r\n'));
      const port = await bind(rig, server);
      await using client = await dial(port);

      expect(await client.read(11)).toBe('220 ready\r\n');
    });

    test('an upstream with Nagle’s algorithm that answers in two writes waits for no delayed acknowledgement', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => {
        socket.setNoDelay(false).once('data', () => {
          socket.write('an ');
          socket.write('answer');
        });
      });
      const port = await bind(rig, server);
      const tookMs: number[] = [];
      for (let attempt = 0; attempt < 100 && Math.min(...tookMs) >= 35; attempt++) {
        await using client = await dial(port);
        const beganMs = performance.now();
        client.socket.write('question');
        expect(await client.read(9)).toBe('an answer');
        tookMs.push(performance.now() - beganMs);
      }

      // A delayed acknowledgement takes 40 ms; other work of this machine does not slow down all hundred exchanges.
      expect(Math.min(...tookMs)).toBeLessThan(35);
    });

    test('a client that ends at once and only reads gets all bytes', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => void socket.end('the time is now'));
      const port = await bind(rig, server);
      await using client = await dial(port);
      client.socket.end();

      expect(await client.readToEnd()).toBe('the time is now');
    });

    test('a reset from the upstream reaches the client as a reset', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server);
      await using client = await dial(port);
      const peer = await server.accept();
      peer.socket.write('hello');
      expect(await client.read(5)).toBe('hello');
      peer.socket.resetAndDestroy();

      expect(await client.closed).toBe('reset');
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'upstream-reset', bytesDown: 5 });
    });

    test('a reset during an answer is no end, even where the client’s bytes met it first', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server);
      await using client = await dial(port);
      const peer = await server.accept();
      peer.socket.write('half of it');
      expect(await client.read(10)).toBe('half of it');
      // Both happen in one turn, so that a relay finds both at once, the client's bytes first.
      client.socket.write('more');
      resetNow(peer.socket);

      await Promise.race([client.ended, client.closed]);
      expect(client.sawEnd).toBe(false);
      expect(await client.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('upstream-reset');
    });

    test('a reset from the client reaches the upstream as a reset', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server);
      await using client = await dial(port);
      const peer = await server.accept();
      expect(await client.echo('hello')).toBe('hello');
      client.socket.resetAndDestroy();

      expect(await peer.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('client-reset');
    });

    test('an upstream that has answered and ended may reset: a client that reads late still gets all', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => void socket.end('x'.repeat(200_000)));
      const port = await bind(rig, server);
      await using client = await dial(port);
      await until(() => rig.bytes('api-1').down === 200_000);
      const peer = await server.accept();
      peer.socket.resetAndDestroy();

      expect(await client.readToEnd()).toHaveLength(200_000);
      expect(client.sawEnd).toBe(true);
      client.socket.end();
      expect((await rig.records.find(() => true)).bytesDown).toBe(200_000);
    });

    test('a session without a byte either way for the idle timeout is closed', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, { idleTimeoutMs: 500 });
      await using client = await dial(port);
      const peer = await server.accept();
      expect(await client.echo('hello')).toBe('hello');

      expect(await client.closed).toBe('reset');
      expect(await peer.closed).toBe('reset');
      const record = await rig.records.find(() => true);
      expect(record.reason).toBe('idle-timeout');
      expect(record.totalMs).toBeGreaterThanOrEqual(495);
    });

    test('bytes in one direction only keep a session from being idle', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => {
        let ticks = 0;
        const ticking = setInterval(() => {
          if (ticks++ < 20) return socket.write('.');
          clearInterval(ticking);
          return socket.end();
        }, 25);
        socket.on('close', () => clearInterval(ticking));
      });
      const port = await bind(rig, server, { idleTimeoutMs: 250 });
      await using client = await dial(port);

      expect(await client.readToEnd()).toBe('.'.repeat(20));
    });

    test('bytes of a running session are counted while it runs', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server);
      await using client = await dial(port);
      expect(await client.echo('hello')).toBe('hello');

      await until(() => rig.bytes('api-1').down === 5 && rig.bytes('api-1').up === 5);
      expect(rig.active('api-1')).toBe(1);
    });

    test('2,000 sessions run at once', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server);
      const clients = await Promise.all(Array.from({ length: 2_000 }, () => dial(port)));
      const answers = await Promise.all(clients.map((client, index) => client.echo(`client ${index}`)));

      expect(answers).toEqual(clients.map((_, index) => `client ${index}`));
      expect(rig.active('api-1')).toBe(2_000);
      for (const { socket } of clients) socket.end();
      await Promise.all(clients.map((client) => client.closed));
      await until(() => rig.records.all.length === 2_000);
      expect(new Set(rig.records.all.map(({ reason }) => reason))).toEqual(new Set(['finished']));
      expect(rig.totals()).toMatchObject({ accepted: 2_000, held: 0, open: 0 });
    });
  });
}
