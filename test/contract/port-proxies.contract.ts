import { describe, expect, test } from 'vitest';
import { portProxySettleMs } from '../../src/relay/boundary/table.ts';
import { closing, endings, published, publishBehindDead, servePortProxy } from '../support/sockets/port-proxy.ts';
import { recorded } from '../support/sockets/recorded.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, serveEcho, serveNamed } from '../support/sockets/sockets.ts';

/**
 * Upstreams that are reached through a published port: its proxy accepts connections although no process listens behind
 * it, and closes them a moment later. Clients don't notice.
 */
const delaysMs = [0, 1, 50, 200];
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
/** More than is kept of a client's bytes while an upstream is tried out. */
const large = 'sealane '.repeat(25_000);

export function describePortProxies(createRig: CreateRig): void {
  describe('port proxies', () => {
    test.each(delaysMs.flatMap((ms) => endings.map((how) => [ms, how] as const)))(
      'one that closes after %i ms with %s costs the client nothing: another upstream gets its bytes',
      async (afterMs, how) => {
        await using rig = createRig();
        await using echo = await serveEcho();
        await using pair = await publishBehindDead(rig, echo.port, { how, afterMs });
        await using client = await dial(pair.port);

        expect(await client.echo('question')).toBe('question');
        client.socket.end();
        expect(await client.closed).toBe('ended');
        expect(pair.tried()).toBe(1);
        expect(await rig.suspects.find(() => true)).toMatchObject({ key: 'dead' });
        const record = await rig.records.find(() => true);
        expect(record).toMatchObject({ upstream: 'live', retries: 1, bytesUp: 8, bytesDown: 8 });
      },
    );

    test('a client waits until the process behind the port listens', async () => {
      await using rig = createRig();
      let listens = false;
      await using late = await servePortProxy((socket) => {
        if (listens) socket.pipe(socket.resume());
        else closing('a reset')(socket);
      });
      const port = await publishAndBind(rig, table([pool([published('late', late.port)])]));
      await using client = await dial(port);
      const answer = client.echo('question');
      // More often than a process that may have read the bytes would get them.
      await until(() => late.accepted() > 5);
      listens = true;

      expect(await answer).toBe('question');
    });

    test('a client that speaks while its upstream is tried out is heard at once', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, table([pool([published('a', server.port)])]));
      const heard = async () => {
        const startedMs = performance.now();
        const client = await dial(port);
        const peer = await server.accept();
        client.socket.write('one ');
        expect(await peer.read(4)).toBe('one ');
        client.socket.write('two');
        expect(await peer.read(3)).toBe('two');
        return { client, peer, tookMs: performance.now() - startedMs };
      };
      let last = await heard();
      // Other work of this machine does not slow down all of them.
      for (let attempt = 1; attempt < 20 && last.tookMs >= portProxySettleMs; attempt++) {
        last.client.socket.end();
        last.peer.socket.end();
        await rig.records.find(() => true);
        rig.records.all.length = 0;
        last = await heard();
      }
      expect(last.tookMs).toBeLessThan(portProxySettleMs);
      await using client = last.client;
      const { peer } = last;
      peer.socket.write('answer');
      expect(await client.read(6)).toBe('answer');
      client.socket.write(' three');
      expect(await peer.read(6)).toBe(' three');
      client.socket.end();
      peer.socket.end();

      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 13, bytesDown: 6 });
    });

    test('an upstream that speaks first is heard by a client that says nothing', async () => {
      await using rig = createRig();
      await using named = await serveNamed('b');
      await using pair = await publishBehindDead(rig, named.port, { how: 'an end' });
      await using client = await dial(pair.port);

      expect(await client.read(1)).toBe('b');
    });

    test('bytes beyond those that are kept follow once the time is over, and an end is then an end', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using pair = await publishBehindDead(rig, server.port, { how: 'a reset', afterMs: 50 });
      await using client = await dial(pair.port);
      client.socket.write(large);
      const peer = await server.accept();
      expect(await peer.read(large.length)).toBe(large);
      peer.socket.end();

      await client.ended;
      client.socket.end();
      const record = await rig.records.find(() => true);
      expect(record).toMatchObject({ reason: 'finished', retries: 1, bytesUp: large.length });
      expect(server.peers).toHaveLength(1);
    });

    test('a client that ends its direction is heard to its end by the next upstream', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using pair = await publishBehindDead(rig, server.port, { how: 'a reset', afterMs: 50 });
      await using client = await dial(pair.port);
      client.socket.end('question');
      const peer = await server.accept();
      expect(await peer.readToEnd()).toBe('question');
      peer.socket.end('answer');

      expect(await client.readToEnd()).toBe('answer');
    });

    test('a process that takes all that a client has to say and ends without an answer got it once', async () => {
      await using rig = createRig();
      await using sink = await serve((peer) => void peer.readToEnd().then(() => peer.socket.end()));
      const port = await publishAndBind(rig, table([pool([published('sink', sink.port)])]));
      await using client = await dial(port);
      client.socket.end('metric');
      await client.ended;

      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', retries: 0, bytesUp: 6 });
      expect(sink.peers).toHaveLength(1);
    });

    test('a process that reads each request and ends without an answer gets it four times, not until the hold is over', async () => {
      await using rig = createRig();
      await using rude = await serve((peer) => void peer.read(8).then(() => peer.socket.end()));
      const port = await publishAndBind(rig, table([pool([published('rude', rude.port)])]));
      await using client = await dial(port);
      client.socket.write('question');
      await client.closed;

      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'upstream-reset', retries: 3 });
      expect(rude.peers).toHaveLength(4);
    });

    test('the next upstream gets the PROXY header once, ahead of the bytes', async () => {
      await using rig = createRig();
      await using server = await serve();
      const options = { how: 'a reset', afterMs: 1, proxyProtocol: 'v1' } as const;
      await using pair = await publishBehindDead(rig, server.port, options);
      await using client = await dial(pair.port);
      client.socket.end('question');
      const peer = await server.accept();

      expect(await peer.readToEnd()).toBe(
        `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${pair.port}\r\nquestion`,
      );
    });

    test('a client that leaves while its upstream is tried out leaves nothing behind', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, table([pool([published('a', server.port)])]));
      await using client = await dial(port);
      client.socket.write('question');
      const peer = await server.accept();
      expect(await peer.read(8)).toBe('question');
      client.socket.resetAndDestroy();

      expect(await peer.closed).toBe('reset');
      await rig.records.find(() => true);
      expect(rig.active('a')).toBe(0);
      expect(rig.totals().open).toBe(0);
    });

    test('the hold ends as it does for an upstream that refuses', async () => {
      await using rig = createRig();
      await using dead = await servePortProxy(closing('a reset'));
      const port = await publishAndBind(rig, table([pool([published('dead', dead.port)], { holdMs: 150 })]));
      await using client = await dial(port);
      client.socket.write('question');
      await client.closed;

      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'hold-expired', upstream: undefined });
      expect(rig.active('dead')).toBe(0);
    });

    test('the next address of the same upstream is tried first, in its place', async () => {
      await using rig = createRig();
      await using dead = await servePortProxy(closing('an end'));
      await using echo = await serveEcho();
      const endpoints = [dead, echo].map(({ port }) => ({ host: '127.0.0.1', port, viaPortProxy: true }));
      const port = await publishAndBind(rig, table([pool([upstream('a', { endpoints, maxConnections: 1 })])]));
      await using client = await dial(port);

      expect(await client.echo('question')).toBe('question');
      expect(rig.active('a')).toBe(1);
    });

    test('what a client says while its upstream changes arrives once and in order', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using pair = await publishBehindDead(rig, server.port, { how: 'a reset', afterMs: 50 });
      await using client = await dial(pair.port);
      let said = '';
      for (let part = 0; server.peers.length === 0 || part < 10; part++) {
        client.socket.write(`part ${part};`);
        said += `part ${part};`;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      client.socket.end();
      const peer = await server.accept();

      expect(await peer.readToEnd()).toBe(said);
    });

    test('a client of Postgres that is routed by its TLS hello is asked for TLS again, and its hello follows once', async () => {
      await using rig = createRig();
      await using dead = await servePortProxy(closing('an end', 50));
      await using server = await serve();
      const upstreams = [published('dead', dead.port), published('db', server.port)];
      const names = [{ kind: 'sni', pattern: 'db.example.test', service: 'shop/api', tls: 'passthrough' }] as const;
      const pools = [pool(upstreams, { balance: 'first' })];
      const port = await publishAndBind(rig, table(pools, [{ ...listener('shop/api'), names, service: undefined }]));
      await using client = await dial(port);
      client.socket.write(sslRequest);
      expect(await client.read(1)).toBe('S');
      const hello = recorded('openssl');
      client.socket.write(hello);
      const peer = await server.accept();
      expect(await peer.read(8)).toBe(sslRequest.toString('latin1'));
      peer.socket.write('S');
      expect(await peer.read(hello.length)).toBe(Buffer.from(hello).toString('latin1'));
      peer.socket.write('server hello');

      expect(await client.read(12)).toBe('server hello');
    });

    test('a client that says nothing is dialed for again, also when the upstream resets long after its trial', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using echo = await serveEcho();
      const upstreams = [published('a', server.port), published('echo', echo.port)];
      const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first' })]));
      await using client = await dial(port);
      const peer = await server.accept();
      // The later client's trial is over once more than what is kept of its bytes has arrived.
      await using later = await dial(port);
      later.socket.write(large);
      await (await server.accept()).read(large.length);
      peer.socket.resetAndDestroy();

      expect(await client.echo('question')).toBe('question');
    });

    test('an upstream that leaves the table while it is tried out hands its client on', async () => {
      await using rig = createRig();
      await using silent = await serve();
      await using echo = await serveEcho();
      const specs = [published('silent', silent.port), published('echo', echo.port)];
      const [, second] = specs;
      const port = await publishAndBind(rig, table([pool(specs, { balance: 'first' })]));
      await using client = await dial(port);
      const answer = client.echo('question');
      await silent.accept();
      rig.publish(table([pool(second ? [second] : [])]));

      expect(await answer).toBe('question');
      expect(rig.active('silent')).toBe(0);
    });
  });
}
