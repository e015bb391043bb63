import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import type { createAdminApp } from './app.ts';

/**
 * Serves the admin app. Rejects when its address can't be bound.
 */
export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveAdmin(
  app: ReturnType<typeof createAdminApp>,
  address: { readonly host: string; readonly port: number },
): Promise<AdminServer> {
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}
