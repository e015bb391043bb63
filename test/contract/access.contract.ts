import { describe, expect, test } from 'vitest';
import { readProxyHeader } from '../../src/relay/wire/proxy-protocol/read.ts';
import { writeProxyHeader } from '../../src/relay/wire/proxy-protocol/write.ts';
import { publishAndBind, until, type CreateRig, type Rig } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, serveEcho, type Peer, type TestServer } from '../support/sockets/sockets.ts';
import { shared } from './names.contract.ts';
import type { ListenerSpec, PoolSpec } from '../../src/relay/boundary/table.ts';

/**
 * Access rules and limits, the client's address as a proxy announces it, and how upstreams are told of it.
 */
const anyAddress = ['0.0.0.0/0', '::/0'];
const source = { host: '203.0.113.7', port: 4711 };
const destination = { host: '198.51.100.1', port: 443 };
/** A TLV as cloud load balancers add, and no-operation padding (proxy-protocol.txt, section 2.2.1). */
const tlvs = Buffer.from([0xea, 0, 3, 1, 2, 3, 0x04, 0, 2, 0, 0]);

export function describeAccess(createRig: CreateRig): void {
  const bind = (
    rig: Rig,
    server: TestServer,
    pooled: Partial<PoolSpec>,
    listening: Partial<ListenerSpec> = {},
  ): Promise<number> => {
    const spec = pool([upstream('api-1', { port: server.port })], pooled);
    return publishAndBind(rig, table([spec], [shared({ service: spec.service, ...listening })]));
  };

  describe('access', () => {
    test.each([
      [{ allow: ['10.0.0.0/8', '127.0.0.0/8'] }, true],
      [{ allow: ['10.0.0.0/8'] }, false],
      [{ allow: [] }, false],
      [{ deny: ['127.0.0.1'] }, false],
      [{ allow: ['127.0.0.0/8'], deny: ['127.0.0.1/32'] }, false],
      [{ deny: ['::/0'] }, true],
    ])('with %o a client from 127.0.0.1 is served: %s', async (lists, served) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, lists);
      await using client = await dial(port);
      if (served) {
        expect(await client.echo('hello')).toBe('hello');
        return;
      }
      expect(await client.closed).toBe('reset');
      expect(await rig.records.find(() => true)).toMatchObject({ service: 'shop/api', reason: 'denied' });
      expect(rig.totals()).toMatchObject({ accepted: 1, open: 0, refused: { denied: 1 } });
      expect(server.peers).toHaveLength(0);
    });

    test.each([
      ['maxSessions', 'limit-service'],
      ['maxSessionsPerClient', 'limit-client'],
    ] as const)('%s: one more client is rejected, until there is a place again', async (option, reason) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, { [option]: 2 });
      await using first = await dial(port);
      await using second = await dial(port);
      await Promise.all([first.echo('1'), second.echo('2')]);
      await using third = await dial(port);

      expect(await third.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe(reason);
      first.socket.end();
      await first.closed;
      await until(() => rig.totals().open === 1);
      await using fourth = await dial(port);
      expect(await fourth.echo('4')).toBe('4');
    });

    test('a limit that is set later counts the running sessions', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const spec = pool([upstream('api-1', { port: server.port })]);
      const port = await publishAndBind(rig, table([spec], [shared({ service: spec.service })]));
      await using first = await dial(port);
      await first.echo('1');
      rig.publish(table([{ ...spec, maxSessions: 1 }], [shared({ service: spec.service, port })]));
      // A thread applies a table a moment after it was published; the test's own deadline bounds this.
      while (await isServed(port));
      rig.publish(table([spec], [shared({ service: spec.service, port })]));
      while (!(await isServed(port)));
      expect(await first.echo('still')).toBe('still');
    });

    test('a held client that is denied by a new table is rejected, and no upstream is dialed for it', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const spec = pool([]);
      const port = await publishAndBind(rig, table([spec], [shared({ service: spec.service })]));
      await using client = await dial(port);
      await until(() => rig.totals().held === 1);
      const denying = pool([upstream('api-1', { port: server.port })], { deny: ['127.0.0.0/8'] });
      rig.publish(table([denying], [shared({ service: spec.service, port })]));

      expect(await client.closed).toBe('reset');
      expect(await rig.records.find(() => true)).toMatchObject({ service: 'shop/api', reason: 'denied' });
      expect(rig.totals()).toMatchObject({ open: 0, held: 0, refused: { denied: 1 } });
      expect(server.peers).toHaveLength(0);
    });

    test('a denied client is not let in by its service leaving and coming back', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const spec = pool([upstream('api-1', { port: server.port })], { deny: ['203.0.113.0/24'] });
      const listening = { service: spec.service, acceptProxy: anyAddress };
      const port = await publishAndBind(rig, table([spec], [shared(listening)]));
      const header = writeProxyHeader('v1', { source, destination });
      await using proxy = await dial(port);
      proxy.socket.write(header.subarray(0, 10));
      await until(() => rig.totals().open === 1);
      rig.publish(table([], [shared({ ...listening, port })]));
      proxy.socket.write(header.subarray(10));
      // Another thread may not know yet that the service has left, and rejects the client at once.
      await until(() => rig.totals().held === 1 || rig.totals().open === 0);
      rig.publish(table([spec], [shared({ ...listening, port })]));

      expect(await proxy.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('denied');
      expect(server.peers).toHaveLength(0);
    });

    test('a client that connects too often is rejected, but not within its burst', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, { connectRatePerClient: { perSecond: 0.01, burst: 3 } });
      for (let nth = 1; nth <= 3; nth++) {
        await using client = await dial(port);
        expect(await client.echo('hello')).toBe('hello');
      }
      await using client = await dial(port);

      expect(await client.closed).toBe('reset');
      expect((await rig.records.find(({ reason }) => reason !== 'finished' && reason !== 'client-reset')).reason).toBe(
        'rate-client',
      );
    });
  });

  describe('the PROXY protocol', () => {
    test.each(['v1', 'v2'] as const)(
      '%s: an upstream is told the client’s address, ahead of its bytes',
      async (version) => {
        await using rig = createRig();
        await using server = await serve();
        const port = await bind(rig, server, { proxyProtocol: version });
        await using client = await dial(port);
        client.socket.write('hello');
        const peer = await server.accept();

        expect(await readHeader(peer)).toMatchObject({
          source: { host: '127.0.0.1', port: client.socket.localPort },
          destination: { host: '127.0.0.1', port },
        });
        expect(await peer.read(5)).toBe('hello');
        client.socket.end();
        peer.socket.end();
        expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 5, via: undefined });
      },
    );

    test.each([
      ['v1', 'v2', 1],
      ['v2', 'v1', 1],
      ['v2', 'v2', 5],
    ] as const)('%s in, %s out: the proxy announces the client, in pieces of %i', async (from, to, step) => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(
        rig,
        server,
        { proxyProtocol: to, allow: ['203.0.113.0/24'] },
        { acceptProxy: anyAddress },
      );
      await using proxy = await dial(port);
      const { localPort } = proxy.socket;
      const header = writeProxyHeader(from, { source, destination, tlvs });
      await drip(proxy, header, step);
      proxy.socket.write('hello');
      const peer = await server.accept();

      expect(await readHeader(peer)).toMatchObject({
        source,
        destination,
        tlvs: from === 'v2' && to === 'v2' ? Uint8Array.from(tlvs) : new Uint8Array(),
      });
      expect(await peer.read(5)).toBe('hello');
      proxy.socket.end();
      peer.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({
        client: '203.0.113.7:4711',
        via: `127.0.0.1:${localPort}`,
        bytesUp: 5,
      });
    });

    test('a header over IPv6 arrives as an IPv6 header', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server, { proxyProtocol: 'v2' }, { acceptProxy: anyAddress });
      const v6 = { source: { host: '2001:db8::1', port: 1 }, destination: { host: '2001:db8::2', port: 2 } };
      await using proxy = await dial(port);
      proxy.socket.write(writeProxyHeader('v1', v6));
      const peer = await server.accept();

      expect(await readHeader(peer)).toMatchObject(v6);
    });

    test('names are looked for behind the header', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(
        rig,
        server,
        {},
        {
          service: undefined,
          acceptProxy: anyAddress,
          names: [{ kind: 'host', pattern: 'a.test', service: 'shop/api', tls: 'passthrough' }],
        },
      );
      await using proxy = await dial(port);
      const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
      proxy.socket.write(Buffer.concat([writeProxyHeader('v2', { source, destination }), Buffer.from(request)]));
      const peer = await server.accept();

      expect(await peer.read(request.length)).toBe(request);
    });

    test('a proxy that connects for itself is served under its own address', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, {}, { acceptProxy: anyAddress });
      await using proxy = await dial(port);
      const { localPort } = proxy.socket;
      proxy.socket.write(Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00', 'latin1'));

      expect(await proxy.echo('hello')).toBe('hello');
      proxy.socket.end();
      expect((await rig.records.find(() => true)).client).toBe(`127.0.0.1:${localPort}`);
    });

    test('a server that speaks first hears at once of a client that waits behind a trusted proxy', async () => {
      await using rig = createRig();
      await using server = await serve(({ socket }) => void socket.write('220 ready\r\n'));
      const port = await bind(rig, server, {}, { acceptProxy: anyAddress });
      const tookMs: number[] = [];
      for (let attempt = 0; attempt < 5; attempt++) {
        await using proxy = await dial(port);
        const beganMs = performance.now();
        proxy.socket.write(writeProxyHeader('v1', { source, destination }));
        expect(await proxy.read(11)).toBe('220 ready\r\n');
        tookMs.push(performance.now() - beganMs);
      }

      // A delayed acknowledgement takes 40 ms; other work of this machine does not slow down all five exchanges.
      expect(Math.min(...tookMs)).toBeLessThan(35);
    });

    test.each([
      ['none', 'GET / HTTP/1.1\r\n\r\n'],
      ['a broken one', 'PROXY TCP4 1.2.3.4\r\n'],
    ])('a trusted proxy that sends %s is rejected', async (_, text) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await bind(rig, server, {}, { acceptProxy: anyAddress });
      await using proxy = await dial(port);
      proxy.socket.write(text);

      expect(await proxy.closed).toBe('reset');
      expect((await rig.records.find(() => true)).reason).toBe('bad-proxy-header');
    });

    test('the PROXY header of a peer that is not trusted is passed on like any other bytes', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await bind(rig, server, {}, { acceptProxy: ['10.0.0.0/8'] });
      await using client = await dial(port);
      const header = writeProxyHeader('v1', { source, destination }).toString('latin1');
      client.socket.write(header);
      const peer = await server.accept();

      expect(await peer.read(header.length)).toBe(header);
    });
  });
}

/** Makes one attempt to be served. */
async function isServed(port: number): Promise<boolean> {
  await using client = await dial(port);
  // Awaited here, so that the client is gone once this returns.
  return await client.echo('hello').then(
    () => true,
    () => false,
  );
}

async function drip(client: Peer, bytes: Uint8Array, step: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += step) {
    client.socket.write(bytes.subarray(at, at + step));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads byte by byte, so that no byte behind the header is consumed. */
async function readHeader(peer: Peer): Promise<ReturnType<typeof readProxyHeader>> {
  for (let bytes = ''; ;) {
    bytes += await peer.read(1);
    const header = readProxyHeader(Buffer.from(bytes, 'latin1'));
    if (header.kind !== 'incomplete') return header;
  }
}
