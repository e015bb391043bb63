import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { certificateFor } from '../support/certificates/certificates.ts';
import { cancelRequest } from './cancels.contract.ts';
import { closing, published, servePortProxy } from '../support/sockets/port-proxy.ts';
import { pour, soak } from '../support/sockets/bulk.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { upstream } from '../support/sockets/tables.ts';
import { dialTls, helloOf, shown, speakTls, tlsSpec, tlsTable } from '../support/sockets/tls.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, refusal, serve, serveEcho, serveNamed, type Peer } from '../support/sockets/sockets.ts';

/**
 * The behaviour of sessions whose TLS Sealane ends, whichever thread does so.
 */
const megabyte = 1024 * 1024;

export function describeTls(name: string, createRig: CreateRig): void {
  describe(`${name}: a session whose TLS is ended`, () => {
    test('is relayed both ways as the bytes inside TLS, and counted by them', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      const clientPort = client.socket.localPort;
      const peer = await server.accept();
      const [up, down, upArrived, downArrived] = await Promise.all([
        pour(client.socket, 16 * megabyte, 1),
        pour(peer.socket, 16 * megabyte, 2),
        soak(peer.socket),
        soak(client.socket),
      ]);

      expect(upArrived).toEqual({ length: 16 * megabyte, checksum: up });
      expect(downArrived).toEqual({ length: 16 * megabyte, checksum: down });
      expect(await rig.records.find(() => true)).toMatchObject({
        reason: 'finished',
        service: 'shop/api',
        bytesUp: 16 * megabyte,
        bytesDown: 16 * megabyte,
        upstream: 'api-1',
        client: `127.0.0.1:${clientPort}`,
      });
      expect(rig.bytes('api-1')).toEqual({ up: 16 * megabyte, down: 16 * megabyte });
      expect(rig.totals()).toMatchObject({ accepted: 1, held: 0, open: 0 });
    });

    test('ends one direction at a time', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      client.socket.end('question');
      const peer = await server.accept();

      expect(await peer.readToEnd()).toBe('question');
      peer.socket.end('answer');
      expect(await client.readToEnd()).toBe('answer');
      expect(await client.closed).toBe('ended');
      expect((await rig.records.find(() => true)).reason).toBe('finished');
    });

    test('is reset on one side when the other side resets', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using first = await dialTls(port);
      expect(await first.echo('hello')).toBe('hello');
      server.peers[0]?.socket.resetAndDestroy();
      expect(await first.closed).toBe('reset');
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'upstream-reset', bytesUp: 5 });

      await using second = await dialTls(port);
      expect(await second.echo('hello')).toBe('hello');
      second.reset();
      expect(await server.peers[1]?.closed).toBe('reset');
      expect(await rig.records.find(({ reason }) => reason === 'client-reset')).toMatchObject({ bytesDown: 5 });
    });

    test('with a client of Postgres that begins TLS at once agrees on its protocol, and on no other', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('db-1', { port: server.port })]));
      await using direct = await dialTls(port, { ALPNProtocols: ['postgresql'] });
      expect(direct.socket.alpnProtocol).toBe('postgresql');
      expect(await direct.echo('startup')).toBe('startup');
      await using other = await dialTls(port, { ALPNProtocols: ['imap'] });
      expect(other.socket.alpnProtocol).toBe(false);
    });

    test('sends a request to cancel a query that comes inside TLS to every upstream, and one in the clear', async () => {
      await using rig = createRig();
      await using first = await serve();
      await using second = await serve();
      const upstreams = [upstream('db-1', { port: first.port }), upstream('db-2', { port: second.port })];
      const { listeners, ...rest } = tlsTable(upstreams);
      const postgres = listeners.map((one) => ({ ...one, postgres: true }));
      const port = await publishAndBind(rig, { ...rest, listeners: postgres });
      await using direct = await dialTls(port, { ALPNProtocols: ['postgresql'] });
      const carrier = await dial(port);
      carrier.socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
      expect(await carrier.read(1)).toBe('S');
      await using asked = await speakTls(carrier.socket);
      await using clear = await dial(port);
      for (const client of [direct, asked, clear]) {
        client.socket.write(cancelRequest);
        for (const server of [first, second]) {
          const peer = await server.accept();
          expect(await peer.read(16)).toBe(cancelRequest.toString('latin1'));
          peer.socket.end();
        }
        expect(await client.readToEnd()).toBe('');
      }
    });

    test('delivers the bytes of an upstream that speaks first', async () => {
      await using rig = createRig();
      await using server = await serveNamed('220 ready');
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      expect(await client.read(9)).toBe('220 ready');
    });

    test('is held until an upstream is ready, and keeps the bytes that the client has sent', async () => {
      await using rig = createRig();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { availability: 'unavailable' })]));
      await using client = await dialTls(port);
      client.socket.write('are you there?');
      await until(() => rig.totals().held === 1);
      await using server = await serveEcho();
      rig.publish(tlsTable([upstream('api-1', { port: server.port })]));
      expect(await client.read(14)).toBe('are you there?');
    });

    test('gives its place away when its client has sent bytes and closed', async () => {
      await using rig = createRig();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { availability: 'unavailable' })]));
      await using client = await dialTls(port);
      client.socket.write('are you there?');
      await until(() => rig.totals().held === 1);
      client.socket.destroy();
      expect((await rig.records.find(() => true)).reason).toBe('client-gave-up');
    });

    test('is tried on the next upstream when one refuses', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const upstreams = [upstream('dead', { port: await freePort() }), upstream('api-1', { port: server.port })];
      const port = await publishAndBind(rig, tlsTable(upstreams, { balance: 'first' }));
      await using client = await dialTls(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();
      expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'api-1', retries: 1 });
    });

    test('is tried on the next upstream with all its bytes when a port proxy closes its connection', async () => {
      await using rig = createRig();
      await using dead = await servePortProxy(closing('a reset', 50));
      await using server = await serveEcho();
      const upstreams = [published('dead', dead.port), published('api-1', server.port)];
      const port = await publishAndBind(rig, tlsTable(upstreams, { balance: 'first' }));
      await using client = await dialTls(port);
      expect(await client.echo('hello')).toBe('hello');
      client.socket.end();

      expect(await rig.records.find(() => true)).toMatchObject({ upstream: 'api-1', retries: 1, bytesUp: 5 });
    });

    test('ends when it is idle for too long', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(
        rig,
        tlsTable([upstream('api-1', { port: server.port })], { idleTimeoutMs: 50 }),
      );
      await using client = await dialTls(port);
      expect(await client.echo('hello')).toBe('hello');
      expect((await rig.records.find(() => true)).reason).toBe('idle-timeout');
      expect(await client.closed).toBe('reset');
    });

    test('goes on while Sealane drains', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      expect(await client.echo('before')).toBe('before');
      const drained = rig.drain(20_000);
      expect(await client.echo('meanwhile')).toBe('meanwhile');
      client.socket.end();
      await drained;
      expect((await rig.records.find(() => true)).reason).toBe('finished');
    });

    test('is closed with the rest when the drain takes too long', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      expect(await client.echo('before')).toBe('before');
      await rig.drain(20);
      expect((await rig.records.find(() => true)).reason).toBe('shutdown');
      expect(await client.closed).toBe('reset');
    });

    test('ends a drain as soon as it ends, although its client had not sent a hello when the drain began', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using carrier = await dial(port);
      await until(() => rig.totals().open === 1);
      const drained = rig.drain(30_000);
      await expect.poll(() => refusal(port)).toContain('ECONNREFUSED');
      await using client = await speakTls(carrier.socket);
      expect(await client.echo('meanwhile')).toBe('meanwhile');
      client.socket.end();
      const endedMs = performance.now();
      await drained;
      expect(performance.now() - endedMs).toBeLessThan(10_000);
      expect(rig.totals().open).toBe(0);
    });

    test('ends when its upstream leaves', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      expect(await client.echo('hello')).toBe('hello');
      rig.publish(tlsTable([]));
      expect((await rig.records.find(() => true)).reason).toBe('upstream-gone');
    });
  });

  describe(`${name}: a client of TLS`, () => {
    test('is shown the certificate for the name it asks for, a wildcard for it, or the first', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const certificates = [
        shown,
        await certificateFor('*.shop.localhost'),
        await certificateFor('web.shop.localhost'),
      ];
      const port = await publishAndBind(
        rig,
        tlsTable([upstream('api-1', { port: server.port })], {}, tlsSpec({ certificates })),
      );
      const subjectFor = async (servername: string): Promise<unknown> => {
        await using client = await dialTls(port, { servername, checkServerIdentity: () => undefined });
        return client.socket.getPeerCertificate().subject.CN;
      };
      expect(await subjectFor('api.localhost')).toBe('api.localhost');
      expect(await subjectFor('web.shop.localhost')).toBe('web.shop.localhost');
      expect(await subjectFor('cart.shop.localhost')).toBe('*.shop.localhost');
      expect(await subjectFor('a.cart.shop.localhost')).toBe('api.localhost');
      expect(await subjectFor('')).toBe('api.localhost');
    });

    test('gets new certificates as soon as they are published, while older sessions go on', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const upstreams = [upstream('api-1', { port: server.port })];
      const port = await publishAndBind(rig, tlsTable(upstreams));
      await using before = await dialTls(port);
      expect(await before.echo('old')).toBe('old');
      const renewed = await certificateFor('api.localhost');
      rig.publish(tlsTable(upstreams, {}, tlsSpec({ certificates: [renewed] })));
      const serials = new Set([before.socket.getPeerCertificate().serialNumber]);
      while (serials.size < 2) {
        await using after = await dialTls(port);
        serials.add(after.socket.getPeerCertificate().serialNumber);
      }
      expect(await before.echo('still')).toBe('still');
    });

    test('agrees on a protocol that its service speaks, or on none', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const upstreams = [upstream('api-1', { port: server.port })];
      const port = await publishAndBind(rig, tlsTable(upstreams, { alpn: ['h2', 'http/1.1'] }));
      const agreed = async (...ALPNProtocols: string[]): Promise<unknown> => {
        await using client = await dialTls(port, { ALPNProtocols });
        return client.socket.alpnProtocol;
      };
      expect(await agreed('http/1.1', 'h2')).toBe('h2');
      expect(await agreed('http/1.1')).toBe('http/1.1');
      expect(await agreed('mqtt')).toBe(false);
      // Clients of Postgres with sslnegotiation=direct offer nothing else, and must get it.
      expect(await agreed('postgresql')).toBe('postgresql');
    });

    test('resumes its TLS session', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using first = await dialTls(port);
      const [session] = (await Promise.all([once(first.socket, 'session'), first.echo('hello')]))[0] as [Buffer];
      await using second = await dialTls(port, { session });
      expect(await second.echo('again')).toBe('again');
      expect(second.socket.isSessionReused()).toBe(true);
    });

    test.each([
      [
        'speaks too old a version',
        { maxVersion: 'TLSv1.2' },
        'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
        'unsupported protocol',
      ],
      ['trusts no authority', { ca: [] }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', undefined],
    ] as const)('that %s is told so, and the failure is recorded', async (_title, options, code, reason) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const tls = tlsSpec({ minVersion: 'TLSv1.3' });
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })], {}, tls));
      await expect(dialTls(port, options as object)).rejects.toMatchObject({ code });
      if (reason === undefined) return;
      expect(await rig.records.find(() => true)).toMatchObject({
        reason: 'tls-failed',
        service: 'shop/api',
        detail: reason,
      });
      expect(server.peers).toHaveLength(0);
    });

    test.each([
      ['does not speak TLS', 'GET / HTTP/1.1\r\n\r\n', 'the client does not speak TLS'],
      ['sends nothing', '', 'the handshake was not finished within 50 ms'],
      ['stops in the middle', '\x16\x03\x01\x02\x00\x01\x00', 'the handshake was not finished within 50 ms'],
    ])('that %s is closed, and no upstream is dialed for it', async (_title, bytes, reason) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const tls = tlsSpec({ handshakeTimeoutMs: 50 });
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })], {}, tls));
      await using client = await dial(port);
      client.socket.write(Buffer.from(bytes, 'latin1'));
      await client.closed;
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'tls-failed', detail: reason });
      expect(server.peers).toHaveLength(0);
      expect(rig.totals().open).toBe(0);
    });

    test('that is denied is rejected before the handshake', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(
        rig,
        tlsTable([upstream('api-1', { port: server.port })], { deny: ['127.0.0.0/8'] }),
      );
      await expect(dialTls(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(await rig.records.find(() => true)).toMatchObject({ reason: 'denied', service: 'shop/api' });
      expect(rig.totals()).toMatchObject({ accepted: 1, open: 0 });
    });

    test('leaves nothing behind when it leaves during the handshake', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dial(port);
      client.socket.write(Buffer.from('\x16\x03\x01\x02', 'latin1'));
      client.socket.resetAndDestroy();
      // The reset may overtake the bytes.
      const { reason, service } = await rig.records.find(() => true);
      expect(['tls-failed', 'client-gave-up']).toContain(reason);
      expect(service).toBe('shop/api');
      await until(() => rig.totals().open === 0);
    });

    test('is closed, recorded and counted when a drain ends during its handshake', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialHalfway(port);
      await rig.drain(50);
      expect(await rig.records.find(() => true)).toMatchObject({
        reason: 'shutdown',
        service: 'shop/api',
        name: 'api.localhost',
      });
      expect(rig.totals()).toMatchObject({ accepted: 1, open: 0 });
      expect(await client.closed).toBe('reset');
    });

    test('is closed, recorded and counted when Sealane closes during its handshake', async () => {
      await using server = await serveEcho();
      const rig = createRig();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialHalfway(port);
      await rig.close();
      expect(await client.closed).toBe('reset');
      expect(rig.records.all.map(({ reason }) => reason)).toEqual(['shutdown']);
      expect(rig.totals()).toMatchObject({ accepted: 1, open: 0 });
    });

    test.each([
      ['maxSessions', 'limit-service'],
      ['maxSessionsPerClient', 'limit-client'],
    ] as const)('takes its place (%s) at its handshake, and gives it back when that fails', async (option, reason) => {
      await using rig = createRig();
      await using server = await serveEcho();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })], { [option]: 1 }));
      await using first = await dialHalfway(port);
      await expect(dialTls(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(await rig.records.find(() => true)).toMatchObject({ reason, service: 'shop/api' });
      first.socket.resetAndDestroy();
      await until(() => rig.totals().open === 0);
      await using second = await dialTls(port);
      expect(await second.echo('hello')).toBe('hello');
      await expect(dialTls(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
      second.socket.end();
      await until(() => rig.totals().open === 0);
      await using third = await dialTls(port);
      expect(await third.echo('hello')).toBe('hello');
    });

    test('that connects too often is rejected before the handshake, and takes one token when it is not', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const connectRatePerClient = { perSecond: 0.01, burst: 2 };
      const port = await publishAndBind(
        rig,
        tlsTable([upstream('api-1', { port: server.port })], { connectRatePerClient }),
      );
      await using first = await dialTls(port);
      await using second = await dialTls(port);
      expect(await Promise.all([first.echo('1'), second.echo('2')])).toEqual(['1', '2']);
      await expect(dialTls(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect((await rig.records.find(() => true)).reason).toBe('rate-client');
    });

    test('is told that the handshake failed where there is no certificate', async () => {
      await using rig = createRig();
      await using server = await serveEcho();
      const tls = tlsSpec({ certificates: [] });
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })], {}, tls));
      await expect(dialTls(port)).rejects.toMatchObject({ code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' });
      expect(await rig.records.find(() => true)).toMatchObject({ detail: 'no certificate is usable' });
    });
  });
}

/** A client amid its handshake: it has sent its hello, received the server's answer, and sends no more. */
async function dialHalfway(port: number): Promise<Peer> {
  const client = await dial(port);
  client.socket.write(await helloOf('api.localhost'));
  await until(() => client.unread > 0);
  return client;
}
