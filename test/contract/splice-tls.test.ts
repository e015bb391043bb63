import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { createSpliceDriver } from '../../src/relay/driver/splice/driver.ts';
import { openLibc } from '../../src/relay/driver/splice/libc.ts';
import { openOpenSsl } from '../../src/relay/driver/splice/tls/openssl.ts';
import { ticketKeyBytes } from '../../src/relay/boundary/messages.ts';
import { authority, certificateFor } from '../support/certificates/certificates.ts';
import { pour, soak } from '../support/sockets/bulk.ts';
import { tlsClients } from '../support/programs/needs.ts';
import { dispatcherRig, publishAndBind, until, type DispatcherRig } from '../support/sockets/rig.ts';
import { dial, serve, serveEcho } from '../support/sockets/sockets.ts';
import { openFiles, spliceHere } from '../support/sockets/splice.ts';
import { upstream } from '../support/sockets/tables.ts';
import { dialTls, helloOf, shown, tlsSpec, tlsTable } from '../support/sockets/tls.ts';

/**
 * TLS that the splice driver ends itself, through OpenSSL: what tls.contract.ts does not show of it.
 */
const megabyte = 1024 * 1024;

beforeAll(() => installMissing(tlsClients, () => {}), 120_000);

function createRig(): DispatcherRig {
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
}

/** The errors that OpenSSL keeps for this thread: Node looks there for those of its own calls. */
function leftErrors(): bigint | undefined {
  const libc = openLibc();
  return 'unavailable' in libc ? undefined : openOpenSsl(libc).functions.ERR_peek_error(0n, 0n);
}

describe('a session whose TLS the splice driver ends', () => {
  test('goes on in the other direction when its upstream has ended first', async () => {
    await using rig = createRig();
    await using server = await serve();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    await using client = await dialTls(port);
    const peer = await server.accept();
    peer.socket.end('answer');
    expect(await client.readToEnd()).toBe('answer');
    client.socket.write('and yet ');
    expect(await peer.read(8)).toBe('and yet ');
    client.socket.end('more');
    expect(await peer.readToEnd()).toBe('more');

    expect(await client.closed).toBe('ended');
    expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 12, bytesDown: 6 });
  });

  test('delivers all bytes of a client that dies without an end of TLS, and its end', async () => {
    await using rig = createRig();
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    const client = spawn('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    client.stdin.write('last words');
    // With the answer it has read all before it: a socket with unread bytes would be reset.
    await once(client.stdout, 'data');
    client.kill('SIGKILL');
    await server.peers[0]?.ended;
    expect(await rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesUp: 10, bytesDown: 10 });
  });

  test.each(['client', 'upstream'] as const)(
    'holds the other side back while its %s takes no bytes, and loses none',
    async (slow) => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
      await using client = await dialTls(port);
      const peer = await server.accept();
      const [sender, reader] = slow === 'client' ? [peer, client] : [client, peer];
      const length = 96 * megabyte;
      const before = process.memoryUsage().rss;
      const checksum = pour(sender.socket, length, 3);
      let taken = -1;
      // Once nothing moves any more, the sockets are full, and the relay holds one chunk.
      await expect
        .poll(() => taken === (taken = sender.socket.bytesWritten - sender.socket.writableLength), { interval: 400 })
        .toBe(true);
      expect(taken).toBeLessThan(length - 32 * megabyte);
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * megabyte);

      expect(await soak(reader.socket)).toEqual({ length, checksum: await checksum });
    },
  );

  test('is reset on both sides by a record that its client never made, and no other session is', async () => {
    await using rig = createRig();
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    await using other = await dialTls(port);
    expect(await other.echo('hello')).toBe('hello');
    const { socket, carrier } = await dialOverDuplex(port);
    socket.write('hello');
    await once(socket, 'data');
    const closed = new Promise((resolve) => void carrier.once('close', resolve));
    carrier.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40, 0x2a)]));
    await closed;

    expect(await rig.records.find(() => true)).toMatchObject({ reason: 'client-reset', bytesUp: 5, bytesDown: 5 });
    expect(await server.peers[1]?.closed).toBe('reset');
    expect(await other.echo('still')).toBe('still');
    expect(leftErrors()).toBe(0n);
  });

  test('ends for a client that resets while bytes are written to it', async () => {
    await using rig = createRig();
    await using server = await serve();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    for (let round = 0; round < 10; round++) {
      const client = await dialTls(port);
      const peer = await server.accept();
      peer.socket.on('error', () => {});
      void pour(peer.socket, 64 * megabyte, round).catch(() => {});
      await once(client.socket, 'data');
      client.reset();
      await peer.closed;
    }
    await until(() => rig.records.all.length === 10);
    expect(new Set(rig.records.all.map(({ reason }) => reason))).toEqual(new Set(['client-reset']));
  });

  test('lets no client negotiate TLS 1.2 anew', async () => {
    await using rig = createRig();
    await using server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    await using client = await dialTls(port, { maxVersion: 'TLSv1.2' });
    expect(await client.echo('hello')).toBe('hello');
    const refused = once(client.socket, 'error') as Promise<[NodeJS.ErrnoException]>;
    client.socket.renegotiate({}, () => {});
    expect((await refused)[0].code).toBe('ERR_SSL_NO_RENEGOTIATION');
  });

  test('has the protocol that its client and its service agree on, whatever V8 does meanwhile', async () => {
    await using rig = createRig();
    await using server = await serveEcho();
    const upstreams = [upstream('api-1', { port: server.port })];
    const port = await publishAndBind(rig, tlsTable(upstreams, { alpn: ['h2', 'http/1.1'] }));
    const offers = [['h2'], ['http/1.1'], ['mqtt'], ['http/1.1', 'h2'], undefined] as const;
    const agreed = ['h2', 'http/1.1', false, 'h2', false];
    for (let round = 0; round < 40; round++) {
      const clients = await Promise.all(
        offers.map((protocols) => dialTls(port, protocols ? { ALPNProtocols: [...protocols] } : {})),
      );
      expect(clients.map(({ socket }) => socket.alpnProtocol)).toEqual(agreed);
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    }
  });
});

describe('clients whose TLS the splice driver ends', () => {
  test('leave neither descriptors nor memory behind, at whatever point they leave', async () => {
    const files = openFiles();
    const rig = createRig();
    const server = await serveEcho();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    const hello = await helloOf('api.localhost');
    const leaveAtAnyPoint = async (): Promise<void> => {
      const early = await Promise.all([0, 1, 2, 3].map(() => dial(port)));
      early[1]?.socket.write(hello.subarray(0, 40));
      early[2]?.socket.write(hello);
      early[3]?.socket.write(Buffer.concat([hello, Buffer.alloc(100, 0x17)]));
      await until(() => (early[2]?.unread ?? 0) > 0);
      for (const client of early) client.socket.resetAndDestroy();
      const [first, second] = await Promise.all([dialTls(port), dialTls(port)]);
      first.reset();
      expect(await second.echo('hello')).toBe('hello');
      second.socket.destroy();
    };
    for (let round = 0; round < 20; round++) await leaveAtAnyPoint();
    await until(() => rig.totals().open === 0);
    await crowd(port);
    const before = process.memoryUsage().rss;
    let connections = 0;
    while (connections < 1_500) connections += await crowd(port);
    // OpenSSL's memory of one client is 38 KB (measured without its release).
    expect(process.memoryUsage().rss - before).toBeLessThan(connections * 12_000);
    await rig.close();
    await server[Symbol.asyncDispose]();
    await until(() => openFiles() <= files);
    expect(leftErrors()).toBe(0n);
  });

  test('are reset when the driver is disposed, at whatever point they are', async () => {
    const files = openFiles();
    const rig = createRig();
    const server = await serve();
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
    const halfway = await dial(port);
    halfway.socket.write(await helloOf('api.localhost'));
    await until(() => halfway.unread > 0);
    const relayed = await dialTls(port);
    relayed.socket.write('hello');
    await (await server.accept()).read(5);
    await rig.close();
    expect(await halfway.closed).toBe('reset');
    expect(await relayed.closed).toBe('reset');
    await server[Symbol.asyncDispose]();
    await until(() => openFiles() <= files);
  });
});

describe('the splice driver', () => {
  const terms = { ...shown, minVersion: 'TLSv1.2', ticketKeys: new Uint8Array(ticketKeyBytes) } as const;

  test('takes the certificates that Node takes, and no others', async () => {
    const driver = createSpliceDriver();
    const rsa = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
    });
    const another = await certificateFor('other.localhost');
    const create = (chain: string, key: string): (() => void) => {
      return () => driver.createTlsContext?.({ ...terms, chain, key }).free();
    };
    expect(create(shown.chain, shown.key)).not.toThrow();
    expect(create(shown.chain + authority.certificate, shown.key)).not.toThrow();
    expect(create(shown.chain, another.key)).toThrow('the key');
    expect(create(shown.chain, rsa.privateKey)).toThrow('there is no key');
    expect(create('', shown.key)).toThrow('there is no certificate');
    expect(create(shown.chain, '')).toThrow('there is no key');
    expect(create('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', shown.key)).toThrow(
      'there is no certificate',
    );
    driver.dispose();
    expect(leftErrors()).toBe(0n);
  });

  test('sends the certificates behind the first one along', async () => {
    await using rig = createRig();
    await using server = await serveEcho();
    const certificates = [{ ...shown, chain: shown.chain + authority.certificate }];
    const tls = tlsSpec({ certificates });
    const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })], {}, tls));
    const shownCertificates = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-showcerts']);
    expect(shownCertificates.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });
});

/** Opens connections one after the other for a second, each with a full handshake, and returns their number. */
async function crowd(port: number): Promise<number> {
  const args = ['s_time', '-connect', `127.0.0.1:${port}`, '-new', '-time', '1'];
  const told = await run('openssl', args);
  const connections = Number(/(\d+) connections in \d+ real seconds/.exec(told)?.[1]);
  expect(connections).toBeGreaterThan(0);
  return connections;
}

/** A client over a connection to which the test can write by itself. */
async function dialOverDuplex(port: number): Promise<{ socket: TLSSocket; carrier: Socket }> {
  const carrier = connectTcp(port, '127.0.0.1');
  const duplex = new Duplex({ read() {}, write: (chunk: Buffer, _, done) => void carrier.write(chunk, done) });
  carrier.on('data', (chunk) => duplex.push(chunk));
  carrier.on('error', () => {});
  const socket = connect({ socket: duplex, servername: 'api.localhost', ca: authority.certificate });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return { socket, carrier };
}
