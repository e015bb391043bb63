import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { PoolSpec, UpstreamSpec } from '../../../src/relay/boundary/table.ts';
import { publishAndBind, type Rig } from './rig.ts';
import { pool, table, upstream } from './tables.ts';

/**
 * A proxy like that of a published port, which closes its connections when the test says so.
 */
export const endings = ['an end', 'a reset'] as const;
type Ending = (typeof endings)[number];

export function published(name: string, port: number): UpstreamSpec {
  return upstream(name, { endpoints: [{ host: '127.0.0.1', port, viaPortProxy: true }] });
}

/** What a port proxy does with a connection behind which no process listens. */
export function closing(how: Ending, afterMs?: number): (socket: Socket) => void {
  return (socket) => {
    const close = (): unknown => (how === 'an end' ? socket.destroy() : socket.resetAndDestroy());
    if (afterMs === undefined) close();
    else setTimeout(close, afterMs);
  };
}

interface BehindDead extends Partial<PoolSpec> {
  readonly how: Ending;
  readonly afterMs?: number;
}

/**
 * Publishes a pool of two port proxies, whose clients go to the first one first: `dead` closes each connection, and `live`
 * is on the port. Returns the listener's port.
 */
export async function publishBehindDead(rig: Rig, live: number, { how, afterMs, ...options }: BehindDead) {
  await using stack = new AsyncDisposableStack();
  const dead = stack.use(await servePortProxy(closing(how, afterMs)));
  const upstreams = [published('dead', dead.port), published('live', live)];
  const port = await publishAndBind(rig, table([pool(upstreams, { balance: 'first', ...options })]));
  const kept = stack.move();
  return { port, tried: dead.accepted, [Symbol.asyncDispose]: () => kept.disposeAsync() };
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
