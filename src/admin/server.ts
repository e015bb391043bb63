import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { AdminApp } from './app.ts';

/**
 * Serves the admin app, over TCP or on a unix socket. Rejects when it can't be bound.
 */
export interface AdminServer {
  /** 0 for a unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

/** Pages, commands and scrapers; whoever opens more is not one of those. */
const mostConnections = 256;

export async function serveAdmin(
  app: AdminApp,
  address: { readonly host: string; readonly port: number },
): Promise<AdminServer> {
  const server = createServer(app, 'tcp');
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  return { port: typeof bound === 'object' && bound ? bound.port : address.port, close: () => close(server) };
}

/** Only its owner may connect: that is what the file's mode says (unix(7)). */
export async function serveAdminSocket(app: AdminApp, path: string): Promise<AdminServer> {
  await removeStale(path);
  const server = createServer(app, 'socket');
  // From the first moment: to change the mode afterwards would leave one in which anybody may connect.
  const before = process.umask(0o177);
  try {
    // It is bound when this returns.
    server.listen({ path });
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
  return { port: 0, close: () => close(server) };
}

function createServer(app: AdminApp, transport: 'tcp' | 'socket'): Server {
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, { ...bindings, transport }),
  }) as Server;
  server.maxConnections = mostConnections;
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** A socket file outlives a process that was killed; one that answers is somebody else's. */
async function removeStale(path: string): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!there) return;
  // To connect to any other file is refused just as to a dead socket (connect(2)).
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
