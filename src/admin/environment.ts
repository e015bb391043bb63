import type { HttpBindings } from '@hono/node-server';

/** What the server hands to the app beside the request. Absent in tests that call the app directly. */
export interface AdminEnv {
  Bindings: Partial<HttpBindings> & {
    /** The server that the request came to: a request over the Unix socket needs no token. */
    readonly transport?: 'tcp' | 'socket';
    /** Whether only health checks may be served; see Connections. */
    readonly crowded?: boolean;
  };
}
