import { once } from 'node:events';
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { ListenerSpec, NameSpec, PoolSpec } from '../../src/relay/boundary/table.ts';
import { recorded } from '../support/sockets/recorded.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, serve, serveNamed, type Peer, type TestServer } from '../support/sockets/sockets.ts';

/**
 * Many services on one port: each client is routed by its first bytes, however they are cut.
 */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const gssRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]);
const unrecognizedName = '\u0015\u0003\u0003\u0000\u0002\u0002\u0070';

export function describeNames(createRig: CreateRig): void {
  describe('names on a shared port', () => {
    test.each([
      ['a TLS client by its server name', recorded('curl'), 'tls'],
      ['a TLS client whose hello is large', recorded('go-large'), 'tls'],
      ['a TLS client without a name', recorded('openssl-no-name'), 'rest'],
      ['an HTTP client by its host', Buffer.from('GET /a HTTP/1.1\r\nHost: web.example.test:8080\r\n\r\n'), 'web'],
      ['an HTTP client by an IPv6 address', Buffer.from('GET / HTTP/1.1\r\nHost: [0:0::1]:8080\r\n\r\n'), 'web'],
      ['an HTTP client by a wildcard', Buffer.from('GET / HTTP/1.1\r\nHost: a.b.example.test\r\n\r\n'), 'wild'],
      ['an HTTP/2 client by its authority', recorded('curl-h2c'), 'h2c'],
      ['an HTTP client of another name', Buffer.from('GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n'), 'rest'],
      ['a client that speaks something else', Buffer.from('*1\r\n$4\r\nPING\r\n'), 'rest'],
    ])('route %s, in one piece and in many', async (_, bytes, service) => {
      await using scene = await createScene(createRig, ['tls', 'web', 'wild', 'h2c', 'rest']);
      const names = [
        name('sni', 'api.example.test', 'tls'),
        name('sni', '*.example.test', 'tls'),
        name('host', 'web.example.test', 'web'),
        name('host', '[::1]', 'web'),
        name('host', '*.example.test', 'wild'),
        name('host', 'api.example.test', 'h2c'),
      ];
      const port = await scene.bind({ names, service: 'rest' });
      for (const step of [bytes.length, Math.ceil(bytes.length / 7), 3]) {
        await using client = await dial(port);
        await drip(client, bytes, step);
        const peer = await scene.server(service).accept();
        expect(await peer.read(bytes.length)).toBe(Buffer.from(bytes).toString('latin1'));
        peer.socket.write('answer');
        expect(await client.read(6)).toBe('answer');
        const ended = scene.rig.records.next();
        client.socket.end();
        peer.socket.end();
        expect(await ended).toMatchObject({ service, reason: 'finished', bytesUp: bytes.length, bytesDown: 6 });
      }
    });

    test('route a client that waits for the server to speak to the catch-all after the sniff timeout', async () => {
      await using rig = createRig();
      await using server = await serveNamed('220 hello');
      const catchAll = pool([upstream('mail', { port: server.port })], { service: 'mail' });
      const port = await publishAndBind(
        rig,
        table([catchAll], [shared({ names: [name('sni', 'a.test', 'a')], service: 'mail', sniffTimeoutMs: 50 })]),
      );
      await using client = await dial(port);

      expect(await client.read(9)).toBe('220 hello');
      expect(await client.echo('EHLO')).toBe('EHLO');
    });

    test('route an HTTP/2 client that first waits for the server’s SETTINGS, as gRPC’s do, to its server', async () => {
      await using rig = createRig();
      await using server = await serveHttp2();
      const known = pool([upstream('a', { port: server.port })], { service: 'a' });
      const port = await publishAndBind(
        rig,
        table(
          [known, pool([], { service: 'rest' })],
          [shared({ names: [name('host', 'a.test', 'a')], service: 'rest' })],
        ),
      );
      await using client = await dialHttp2(port);
      // The body is larger than a window of the protocol, and is sent again on the same connection.
      const body = Buffer.alloc(300_000, 'x');
      for (const _ of [1, 2]) {
        const { status, text } = await ask(client, 'a.test', body);
        expect([status, text]).toEqual([200, 'a.test sent 300000']);
      }
      // The client's SETTINGS and the server's are acknowledged, once each.
      expect(client.pendingSettingsAck).toBe(false);
      expect(server.errors).toEqual([]);
      client.close();
      expect(await rig.records.find(() => true)).toMatchObject({ service: 'a', name: 'a.test', reason: 'finished' });
    });

    test('an HTTP/2 request that crosses with these SETTINGS is sent once, though its server reset the connection', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('host', 'a.test', 'a')], service: undefined });
      await using client = await dial(port);
      const begun = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0');
      const request = Buffer.from('\0\0\u0009\u0001\u0005\0\0\0\u0001\x82\x41\u0006a.test', 'latin1');
      client.socket.write(begun);
      expect(await client.read(9)).toBe('\0\0\0\u0004\0\0\0\0\0');
      client.socket.write(Buffer.concat([request, Buffer.from('\0\0\0\u0004\u0001\0\0\0\0')]));
      const peer = await scene.server('a').accept();
      expect(await peer.read(begun.length + request.length)).toBe(Buffer.concat([begun, request]).toString('latin1'));
      peer.socket.resetAndDestroy();

      expect(await client.closed).toBe('reset');
      expect(await scene.rig.records.find(() => true)).toMatchObject({ reason: 'upstream-reset', retries: 0 });
      expect(scene.server('a').peers).toHaveLength(1);
    });

    test('an HTTP/2 client that waits for SETTINGS and then requests a name without a route gets a page', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('host', 'a.test', 'a')], service: undefined });
      await using client = await dialHttp2(port);
      const { status, text } = await ask(client, 'else.test');

      expect(status).toBe(404);
      expect(text).toContain('http://a.test');
      expect(await scene.rig.records.find(() => true)).toMatchObject({ reason: 'no-route', name: 'else.test' });
    });

    test('route a Postgres client by the name in its TLS hello; its upstream gets the request first', async () => {
      await using scene = await createScene(createRig, ['db', 'rest']);
      const port = await scene.bind({ names: [name('sni', 'db.example.test', 'db')], service: 'rest' });
      await using client = await dial(port);
      await drip(client, gssRequest, 3);
      expect(await client.read(1)).toBe('N');
      await drip(client, sslRequest, 3);
      expect(await client.read(1)).toBe('S');
      const hello = recorded('openssl');
      await drip(client, hello, 100);
      const peer = await scene.server('db').accept();
      expect(await peer.read(8)).toBe(sslRequest.toString('latin1'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(peer.unread).toBe(0);
      peer.socket.write('S');
      expect(await peer.read(hello.length)).toBe(Buffer.from(hello).toString('latin1'));
      peer.socket.write('server hello');

      expect(await client.read(12)).toBe('server hello');
    });

    test('a Postgres client without TLS is routed to the catch-all with all its bytes', async () => {
      await using scene = await createScene(createRig, ['web', 'db']);
      const port = await scene.bind({ names: [name('host', 'web.test', 'web')], service: 'db' });
      await using client = await dial(port);
      client.socket.write(sslRequest);
      const peer = await scene.server('db').accept();

      expect(await peer.read(8)).toBe(sslRequest.toString('latin1'));
    });

    test('a TLS client of a name without a route gets an alert', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('sni', 'other.test', 'a')], service: undefined });
      await using client = await dial(port);
      client.socket.write(recorded('curl'));

      expect(await client.readToEnd()).toBe(unrecognizedName);
      client.socket.end();
      expect(await client.closed).toBe('ended');
      expect(await scene.rig.records.find(() => true)).toMatchObject({
        service: undefined,
        reason: 'no-route',
        name: 'api.example.test',
        upstream: undefined,
      });
      expect(scene.rig.totals()).toMatchObject({ accepted: 1, open: 0, refused: { 'no-route': 1 } });
    });

    test('an HTTP client of a name without a route gets the routed names, unless they are hidden', async () => {
      await using scene = await createScene(createRig, ['a']);
      const names = [name('host', 'api.test', 'a'), { ...name('host', 'web.test', 'a'), tls: 'terminate' } as const];
      for (const explainNames of [true, false]) {
        const port = await scene.bind({ names, service: undefined, explainNames });
        await using client = await dial(port);
        client.socket.write('GET / HTTP/1.1\r\nHost: \x1b[31mevil\r\nHost: x\r\n\r\n');
        expect(await client.readToEnd()).toMatch(/^HTTP\/1\.1 400 /);
        await using second = await dial(port);
        second.socket.write('GET / HTTP/1.1\r\nHost: else.test\r\n\r\n');
        const page = await second.readToEnd();

        expect(page).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
        expect(page).toContain('else.test');
        expect(page.includes('http://api.test\n')).toBe(explainNames);
        expect(page.includes('https://web.test\n')).toBe(explainNames);
        // The port is the one that the client connected to, which may be published under another number.
        await using third = await dial(port);
        third.socket.write('GET / HTTP/1.1\r\nHost: else.test:8080\r\n\r\n');
        expect((await third.readToEnd()).includes('http://api.test:8080\n')).toBe(explainNames);
      }
    });

    test.each([
      ['a URL of 17,000 bytes', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: web.test\r\n\r\n`],
      ['a URL of 65,000 bytes', `GET /${'x'.repeat(65_000)} HTTP/1.1\r\nHost: web.test\r\n\r\n`],
      ['a Cookie of 65,000 bytes', `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(65_000)}\r\nHost: web.test\r\n\r\n`],
      ['an empty line before the request', '\r\nGET / HTTP/1.1\r\nHost: web.test\r\n\r\n'],
      ['a method of its own', 'frob / HTTP/1.1\r\nHost: web.test\r\n\r\n'],
    ])('an HTTP client is routed by its host with %s', async (_, text) => {
      await using scene = await createScene(createRig, ['web', 'rest']);
      const port = await scene.bind({ names: [name('host', 'web.test', 'web')], service: 'rest' });
      await using client = await dial(port);
      client.socket.write(text);
      const peer = await scene.server('web').accept();

      expect(await peer.read(text.length)).toBe(text);
      expect(scene.server('rest').peers).toHaveLength(0);
    });

    test.each([
      ['a URL of 70,000 bytes', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: web.test\r\n\r\n`, 414, 'line-too-long'],
      ['a URL of a megabyte', `GET /${'x'.repeat(1_000_000)} HTTP/1.1\r\n\r\n`, 414, 'line-too-long'],
      [
        'a Cookie of 70,000 bytes',
        `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(70_000)}\r\nHost: web.test\r\n\r\n`,
        431,
        'head-too-large',
      ],
      ['two hosts', 'GET / HTTP/1.1\r\nHost: web.test\r\nHost: else.test\r\n\r\n', 400, 'malformed'],
      ['a folded host', 'GET / HTTP/1.1\r\nHost: web.test\r\n .else\r\n\r\n', 400, 'malformed'],
      ['a broken request line', 'GET /a b HTTP/1.1\r\nHost: web.test\r\n\r\n', 400, 'malformed'],
    ])('an HTTP client gets a page, and no service gets it, with %s', async (_, text, status, reason) => {
      for (const service of ['rest', undefined]) {
        await using scene = await createScene(createRig, ['web', 'rest']);
        const port = await scene.bind({ names: [name('host', 'web.test', 'web')], service });
        await using client = await dial(port);
        client.socket.write(text);

        expect(await client.readToEnd()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(await scene.rig.records.find(() => true)).toMatchObject({ reason, service: undefined });
        expect(scene.server('web').peers.length + scene.server('rest').peers.length).toBe(0);
      }
    });

    test('an HTTP/2 client whose host differs from its authority gets a page, and no service gets it', async () => {
      await using scene = await createScene(createRig, ['web', 'rest']);
      const port = await scene.bind({ names: [name('host', 'web.test', 'web')], service: 'rest' });
      await using client = await dialHttp2(port);
      const { status } = await ask(client, 'web.test', Buffer.alloc(0), { host: 'else.test' });

      expect(status).toBe(400);
      expect(await scene.rig.records.find(() => true)).toMatchObject({ reason: 'malformed' });
      expect(scene.server('web').peers.length + scene.server('rest').peers.length).toBe(0);
    });

    test('a client of a service without a ready upstream gets a page when the hold is over', async () => {
      await using rig = createRig();
      const refusing = pool([upstream('a', { port: await freePort() })], { service: 'a', holdMs: 50 });
      const port = await publishAndBind(rig, table([refusing], [shared({ names: [name('host', 'a.test', 'a')] })]));
      await using client = await dial(port);
      client.socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');

      expect(await client.readToEnd()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
      client.socket.end();
      expect(await client.closed).toBe('ended');
      expect(await rig.records.find(() => true)).toMatchObject({
        service: 'a',
        name: 'a.test',
        reason: 'hold-expired',
      });
    });

    test.each([
      ['a hello that is broken', Buffer.from('\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00', 'latin1'), 'malformed'],
      [
        'something other than TLS after Postgres’ SSLRequest',
        Buffer.concat([sslRequest, Buffer.from('hello')]),
        'malformed',
      ],
    ])('%s is rejected', async (_, bytes, reason) => {
      await using scene = await createScene(createRig, ['a', 'rest']);
      const port = await scene.bind({ names: [name('sni', 'a.test', 'a')], service: 'rest' });
      await using client = await dial(port);
      client.socket.write(bytes);
      client.socket.end();
      await client.readToEnd();

      expect((await scene.rig.records.find(() => true)).reason).toBe(reason);
    });

    test('a client that sends nothing is closed where there is no catch-all', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('sni', 'a.test', 'a')], service: undefined, sniffTimeoutMs: 30 });
      await using client = await dial(port);

      expect(await client.closed).toBe('reset');
      expect((await scene.rig.records.find(() => true)).reason).toBe('sniff-timeout');
    });

    test('a client that leaves before it has sent its name leaves nothing behind', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('sni', 'a.test', 'a')], service: undefined });
      await using client = await dial(port);
      client.socket.write('\x16');
      await until(() => scene.rig.totals().open === 1);
      client.socket.resetAndDestroy();

      expect((await scene.rig.records.find(() => true)).reason).toBe('client-gave-up');
      await until(() => scene.rig.totals().open === 0);
    });

    test('clients that are being detected when the relay closes are closed', async () => {
      await using scene = await createScene(createRig, ['a']);
      const port = await scene.bind({ names: [name('sni', 'a.test', 'a')], service: undefined });
      await using client = await dial(port);
      await until(() => scene.rig.totals().open === 1);
      await scene.rig.close();

      expect(await client.closed).toBe('reset');
    });

    test('a name is given to another service without the listener noticing', async () => {
      await using scene = await createScene(createRig, ['a', 'b']);
      const port = await scene.bind({ names: [name('host', 'x.test', 'a')] });
      for (const service of ['a', 'b']) {
        scene.publish({ names: [name('host', 'x.test', service)] }, port);
        await using client = await dial(port);
        client.socket.write('GET / HTTP/1.1\r\nHost: x.test\r\n\r\n');
        const peer = await scene.server(service).accept();
        expect(await peer.read(3)).toBe('GET');
      }
      expect(scene.rig.statuses.all.filter(({ status }) => status.kind === 'listening')).toHaveLength(1);
    });
  });
}

const key = 'shared';

function name(kind: NameSpec['kind'], pattern: string, service: string): NameSpec {
  return { kind, pattern, service, tls: 'passthrough' };
}

export function shared(options: Partial<ListenerSpec>): ListenerSpec {
  return { ...listener('none', 0, key), service: undefined, ...options };
}

/** Sends the bytes `step` at a time, each piece in a segment of its own. */
async function drip(client: Peer, bytes: Uint8Array, step: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += step) {
    client.socket.write(bytes.subarray(at, at + step));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function serveHttp2() {
  const errors: unknown[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then(({ length }) => response.end(`${request.authority} sent ${length}`));
  });
  server.on('sessionError', (error) => errors.push(error));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    errors,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects, and waits for the server's SETTINGS. */
async function dialHttp2(port: number): Promise<ClientHttp2Session & AsyncDisposable> {
  const session = connect(`http://127.0.0.1:${port}`);
  await once(session, 'remoteSettings');
  return Object.assign(session, {
    async [Symbol.asyncDispose]() {
      session.destroy();
      if (!session.closed) await once(session, 'close');
    },
  });
}

async function ask(
  session: ClientHttp2Session,
  authority: string,
  body: Buffer = Buffer.alloc(0),
  more: OutgoingHttpHeaders = {},
) {
  const request = session.request({ ':method': 'POST', ':path': '/', ':authority': authority, ...more });
  request.end(body);
  const [headers] = (await once(request, 'response')) as [IncomingHttpHeaders];
  return { status: headers[':status'], text: (await buffer(request)).toString() };
}

/** One upstream for each service, and a listener that the services share. */
async function createScene(createRig: CreateRig, services: readonly string[]) {
  const rig = createRig();
  const servers = new Map<string, TestServer>();
  for (const service of services) servers.set(service, await serve());
  const server = (service: string): TestServer => {
    const found = servers.get(service);
    if (!found) throw new Error(`no ${service}`);
    return found;
  };
  const pools = (): PoolSpec[] =>
    services.map((service) => pool([upstream(`${service}-1`, { port: server(service).port })], { service }));
  return {
    rig,
    server,
    bind: (options: Partial<ListenerSpec>) => publishAndBind(rig, table(pools(), [shared(options)])),
    publish: (options: Partial<ListenerSpec>, port: number) =>
      rig.publish(table(pools(), [shared({ ...options, port })])),
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      for (const one of servers.values()) await one[Symbol.asyncDispose]();
    },
  };
}
