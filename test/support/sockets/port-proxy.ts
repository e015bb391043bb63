import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { UpstreamSpec } from '../../../src/relay/boundary/table.ts';
import { upstream } from './tables.ts';

/**
 * A proxy like that of a published port, which closes its connections when the test says so.
 */
export const endings = ['an end', 'a reset'] as const;

export function published(name: string, port: number): UpstreamSpec {
  return upstream(name, { endpoints: [{ host: '127.0.0.1', port, viaPortProxy: true }] });
}

export function close(socket: Socket, how: (typeof endings)[number]): void {
  if (how === 'an end') socket.destroy();
  else socket.resetAndDestroy();
}

/** Accepts connections and reads none of them unless `onSocket` does. */
export async function servePortProxy(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
