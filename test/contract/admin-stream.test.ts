import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createAdminApp } from '../../src/admin/app.ts';
import { serveAdmin } from '../../src/admin/server.ts';
import { adminSource } from '../support/sealane/admin-source.ts';
import { until } from '../support/sockets/rig.ts';

/**
 * The event stream over real sockets. The kernel's buffers are not bounded by Sealane; the events that wait behind them
 * are.
 */
async function follow(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'readable');
  return socket;
}

it('a follower that never reads is disconnected; one that reads gets everything', async () => {
  const { feed, ...source } = adminSource();
  const app = createAdminApp({ ...source, feed }, { token: undefined, names: [] });
  const server = await serveAdmin(async () => app, { host: '127.0.0.1', port: 0 }, 16);
  const [silent, quick] = [await follow(server.port), await follow(server.port)];
  let heard = 0;
  quick.on('data', (chunk: Buffer) => (heard += String(chunk).split('event: timeline').length - 1));
  expect(feed.subscribers).toBe(2);
  const message = 'x'.repeat(8_000);
  let said = 0;
  while (feed.dropped === 0 && said < 10_000) {
    feed.publish({
      source: 'sealane',
      event: 'problem',
      level: 'info',
      message,
      service: null,
      upstream: null,
      containerId: null,
    });
    said += 1;
    // The quick follower reads as fast as events are sent.
    if (said % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect([feed.dropped, feed.subscribers]).toEqual([1, 1]);
  // The silent follower still gets what the kernel had buffered, and no more.
  const closed = once(silent, 'close');
  silent.resume();
  await closed;
  await until(() => heard === said);
  quick.destroy();
  await server.close();
});
