import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { published, servePortProxy } from '../support/sockets/port-proxy.ts';
import { dialOpenSsl } from '../support/sockets/openssl-client.ts';
import { dispatcherRig, publishAndBind } from '../support/sockets/rig.ts';
import { dial, serve, type Peer } from '../support/sockets/sockets.ts';
import { spliceHere } from '../support/sockets/splice.ts';
import { upstream } from '../support/sockets/tables.ts';
import { dialTls, tlsTable } from '../support/sockets/tls.ts';

/**
 * Clients that make much work of few bytes inside TLS, which other sessions of the thread must not wait for.
 */
const floods = [
  ['changes its keys', 3_000],
  ['sends records of one byte', 10_000],
] as const;

test.each(floods)('other sessions go on while a client %s without end', async (flood, count) => {
  const splice = spliceHere();
  await using rig = dispatcherRig(() => splice.driver, splice.stop);
  await using server = await serve();
  const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
  await using other = await dialTls(port);
  const otherPeer = await server.accept();
  using flooder = await dialOpenSsl(port);
  const peer = await server.accept();
  // Asked here, the peer reads from now on.
  expect(peer.unread).toBe(0);
  const bytes = flood === 'changes its keys' ? 1 : count;
  if (bytes === 1) expect(flooder.changeKeys(count)).toBe(count);
  // The driver's next turn finds the whole flood in the socket.
  const sent = flooder.sendOneByOne(Buffer.alloc(bytes, 'x'));
  expect(sent).toBeGreaterThan(bytes / 2);
  await exchange(other, otherPeer);

  expect(peer.unread).toBeLessThan(sent);
  expect(await peer.read(sent)).toBe('x'.repeat(sent));
});

test('all bytes of a client that sends them one by one are tried on an upstream', async () => {
  const splice = spliceHere();
  await using rig = dispatcherRig(() => splice.driver, splice.stop);
  const bytes = Buffer.alloc(200, 'x');
  // Were it sent only some of them, the trial would be over before it closes the connection, and the client would be lost.
  await using dead = await servePortProxy((socket) => {
    let count = 0;
    socket.on('data', ({ length }: Buffer) => (count += length) === bytes.length && socket.resetAndDestroy());
    socket.resume();
  });
  await using server = await serve();
  const upstreams = [published('dead', dead.port), published('api-1', server.port)];
  const port = await publishAndBind(rig, tlsTable(upstreams, { balance: 'first' }));
  using client = await dialOpenSsl(port);
  expect(client.sendOneByOne(bytes)).toBe(bytes.length);
  const peer = await server.accept();
  expect(await peer.read(bytes.length)).toBe(bytes.toString());
});

test('other sessions go on while a client sends its second hello in records of one byte', async () => {
  const splice = spliceHere();
  await using rig = dispatcherRig(() => splice.driver, splice.stop);
  await using server = await serve();
  const port = await publishAndBind(rig, tlsTable([upstream('api-1', { port: server.port })]));
  await using other = await dialTls(port);
  const otherPeer = await server.accept();
  // A hello without a key makes the driver ask for another one (RFC 8446, 4.1.4).
  await using flooder = await dial(port);
  flooder.socket.write(inRecords(helloWithoutKey(0), 16_384));
  await flooder.read(5);
  // All of it is in the driver's socket before the driver's next turn.
  flooder.socket.write(inRecords(helloWithoutKey(60_000).subarray(0, 10_000), 1));
  expect(flooder.socket.writableLength).toBe(0);
  await exchange(other, otherPeer);

  expect(unreadOf(flooder.socket)).toBeGreaterThan(0);
});

/** Passes a message each way. */
async function exchange(one: Peer, other: Peer): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.socket.write('hello');
    expect(await to.read(5)).toBe('hello');
  }
}

/** A hello of TLS 1.3 that offers groups and no key of them, with so many zeros of padding (RFC 7685). */
function helloWithoutKey(padding: number): Buffer {
  const sized = (bytes: Uint8Array, lengthBytes: number): Buffer => {
    const length = Buffer.alloc(lengthBytes);
    length.writeUIntBE(bytes.length, 0, lengthBytes);
    return Buffer.concat([length, bytes]);
  };
  const extension = (type: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(0, type), sized(bytes, 2)]);
  const extensions = Buffer.concat([
    extension(43, Buffer.of(2, 3, 4)), // supported_versions: TLS 1.3
    extension(10, Buffer.of(0, 2, 0, 23)), // supported_groups: secp256r1
    extension(13, Buffer.of(0, 4, 4, 3, 8, 4)), // signature_algorithms: ECDSA with P-256, RSA-PSS
    extension(51, Buffer.of(0, 0)), // key_share: none
    extension(21, Buffer.alloc(padding)),
  ]);
  const version = Buffer.of(3, 3);
  const suites = Buffer.of(0, 2, 0x13, 0x02);
  const body = Buffer.concat([
    version,
    Buffer.alloc(32, 'r'),
    Buffer.of(0),
    suites,
    Buffer.of(1, 0),
    sized(extensions, 2),
  ]);
  return Buffer.concat([Buffer.of(1), sized(body, 3)]);
}

/** A message of the handshake, in records of so many bytes. */
function inRecords(message: Uint8Array, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), Buffer.from(part));
  }
  return Buffer.concat(records);
}

/** How many bytes of this client the driver has not read (proc(5), /proc/net/tcp). */
function unreadOf({ localPort = 0, remotePort = 0 }: Socket): number {
  const [server, client] = [remotePort, localPort].map(
    (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  const row = new RegExp(`${server} ${client} 01 [0-9A-F]+:([0-9A-F]+)`).exec(readFileSync('/proc/net/tcp', 'utf8'));
  return Number.parseInt(row?.[1] ?? '', 16);
}
