import { expect, test } from 'vitest';
import { published, servePortProxy } from '../support/sockets/port-proxy.ts';
import { dialOpenSsl } from '../support/sockets/openssl-client.ts';
import { dispatcherRig, publishAndBind } from '../support/sockets/rig.ts';
import { serve } from '../support/sockets/sockets.ts';
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
  other.socket.write('hello');
  expect(await otherPeer.read(5)).toBe('hello');
  otherPeer.socket.write('hello');
  expect(await other.read(5)).toBe('hello');

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
