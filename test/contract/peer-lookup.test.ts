import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { formatPeer } from '../../src/relay/driver/stream/connection.ts';
import { openPeerLookup } from '../../src/relay/driver/peer-lookup.ts';
import { createBlackhole } from '../support/sockets/blackhole.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { until } from '../support/sockets/rig.ts';

/** The kernel's table of sockets, asked about the client's end of real connections. */
test.each([
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '::1', '::1'],
  ['IPv4 at a listener of both families', '::', '127.0.0.1'],
])('a client that has closed is told from one that has ended its direction: %s', async (_, host, target) => {
  const lookUp = openPeerLookup();
  await using pair = await connectedPair(host, target);
  const { client, accepted } = pair;
  const local = formatPeer(accepted.localAddress, accepted.localPort);
  const peer = formatPeer(accepted.remoteAddress, accepted.remotePort);
  client.write('hello');
  expect(lookUp?.(local, peer)).toBe('open');
  client.end();
  await once(accepted.resume(), 'end');
  expect(lookUp?.(local, peer)).toBe('open');
  client.destroy();
  await until(() => lookUp?.(local, peer) === 'closed');
});

test('a client that has closed and then resets is told, too', async () => {
  const lookUp = openPeerLookup();
  await using pair = await connectedPair('127.0.0.1', '127.0.0.1');
  const { client, accepted } = pair;
  accepted.on('error', () => {});
  const local = formatPeer(accepted.localAddress, accepted.localPort);
  const peer = formatPeer(accepted.remoteAddress, accepted.remotePort);
  client.destroy();
  await once(accepted.resume(), 'end');
  // Bytes for a socket that is closed are answered with a reset, which ends both ends.
  accepted.write('a session ticket');
  await until(() => lookUp?.(local, peer) === 'closed');
  await new Promise((resolve) => accepted.write('more', resolve));
  expect(lookUp?.(local, peer)).toBe('closed');
});

test('a client whose end is not in this network namespace is elsewhere', async () => {
  await using silent = await createBlackhole();
  const localPort = await freePort();
  const socket = connect({ host: '127.0.0.1', port: silent.port, localAddress: '127.0.0.1', localPort });
  const lookUp = openPeerLookup();
  const state = (): unknown => lookUp?.(`127.0.0.1:${localPort}`, `127.0.0.1:${silent.port}`);
  // The dial's own socket is in the table a moment after the call.
  await until(() => state() !== 'closed');
  expect(state()).toBe('elsewhere');
  socket.destroy();
});

test.each([
  ['of a link-local address', '[fe80::1]:80', '[fe80::2]:5000'],
  ['a Unix socket’s', 'unix', 'unix'],
  ['of an address that is not known', 'unknown', '127.0.0.1:5000'],
  ['of another family', '[::1]:80', '127.0.0.1:5000'],
])('a client of which the kernel can’t be asked is elsewhere: %s', (_, local, client) => {
  expect(openPeerLookup()?.(local, client)).toBe('elsewhere');
});

async function connectedPair(host: string, target: string) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, host);
  await once(server, 'listening');
  const client = connect({ host: target, port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return {
    client,
    accepted,
    async [Symbol.asyncDispose]() {
      client.destroy();
      accepted.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
