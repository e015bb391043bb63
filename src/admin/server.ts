import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createConnection } from 'node:net';
import { messageOf } from '../text/message-of.ts';
import type { AdminApp } from './app.ts';
import { Connections } from './connections.ts';

/**
 * Serves the admin app over TCP or on a Unix socket. Rejects when the address can't be bound. The app is loaded with the
 * first request: it takes 7 MB, with all that Node brings for it, and many a Sealane is never asked.
 */
export type LateApp = () => Promise<AdminApp>;

export interface AdminServer {
  /** The bound port; 0 for a Unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The deadlines of clients. All requests are small, so they come at once; `timeout` is for answers that are not read,
 * and event streams have a comment every 15 seconds.
 */
const deadlines = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
};
const silenceMs = 30_000;

export async function serveAdmin(
  app: LateApp,
  address: { readonly host: string; readonly port: number },
  mostConnections: number,
): Promise<AdminServer> {
  const server = createServer(app, 'tcp', mostConnections);
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  return { port: typeof bound === 'object' && bound ? bound.port : address.port, close: () => close(server) };
}

/** Serves on a Unix socket. The file's mode lets only its owner connect (unix(7)). */
export async function serveAdminSocket(app: LateApp, path: string, mostConnections: number): Promise<AdminServer> {
  await removeStale(path);
  const server = createServer(app, 'socket', mostConnections);
  // The mode holds from the first moment: with a later change, every user could connect until then.
  const before = process.umask(0o177);
  try {
    // A Unix socket is bound when this returns.
    server.listen({ path });
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
  // The close removes the socket's file at once, also when the process ends without a graceful stop.
  const onExit = (): void => void server.close();
  process.once('exit', onExit);
  server.once('close', () => process.off('exit', onExit));
  return { port: 0, close: () => close(server) };
}

function createServer(app: LateApp, transport: 'tcp' | 'socket', mostConnections: number): Server {
  let listener: Promise<RequestListener> | undefined;
  const server = createHttpServer(deadlines, (incoming, outgoing) => {
    connections.begin(incoming.socket, outgoing);
    listener ??= loadListener(app, transport, connections);
    listener.then(
      (answer) => answer(incoming, outgoing),
      (error: unknown) => {
        // The next request may succeed.
        listener = undefined;
        outgoing.writeHead(503, { connection: 'close' }).end(`what answers cannot be loaded: ${messageOf(error)}\n`);
      },
    );
  });
  server.timeout = silenceMs;
  const connections = new Connections(server, mostConnections);
  return server;
}

async function loadListener(
  load: LateApp,
  transport: 'tcp' | 'socket',
  connections: Connections,
): Promise<RequestListener> {
  const [app, { getRequestListener }] = await Promise.all([load(), import('@hono/node-server')]);
  const answer = getRequestListener((request, { incoming, outgoing }) => {
    const crowded = connections.isCrowdedFor(incoming.socket);
    return app.fetch(request, { incoming, outgoing, transport, crowded });
  });
  return (incoming, outgoing) => void answer(incoming, outgoing);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Removes the socket file of a process that was killed; a socket that answers belongs to another process. */
async function removeStale(path: string): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!there) return;
  // A connect to any other file is refused like one to a dead socket (connect(2)).
  if (!there.isSocket()) throw new Error('what is there is no socket, and is left alone');
  const probe = createConnection(path);
  try {
    await once(probe, 'connect');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await rm(path);
  } finally {
    probe.destroy();
  }
}
