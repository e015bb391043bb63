import { Hono } from 'hono';

/**
 * Request to response, nothing else: whether Sealane lives, and whether it is ready.
 */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

export function createAdminApp(readiness: () => Readiness): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => {
    const { ready, reason } = readiness();
    return context.json({ ready, reason }, ready ? 200 : 503);
  });
  return app;
}
