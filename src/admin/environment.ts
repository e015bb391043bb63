import type { HttpBindings } from '@hono/node-server';

/** What comes with a request besides itself. Absent in tests that call the app directly. */
export interface AdminEnv {
  Bindings: Partial<HttpBindings> & {
    /** By which door it came: whoever can open the unix socket needs no token. */
    readonly transport?: 'tcp' | 'socket';
  };
}
