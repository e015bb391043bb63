import type { createAdminApp } from './app.ts';
import { serveAdmin, type AdminServer } from './server.ts';
import type { Clock, Timer } from '../time/clock.ts';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Keeps the admin address bound: one that is taken, by the Sealane that this one takes over from for instance, is tried
 * again until it is free. Relaying never waits for it.
 */
const retryMs = 1_000;

export interface KeptAdmin {
  close(): Promise<void>;
}

export async function keepServing(
  app: ReturnType<typeof createAdminApp>,
  address: { readonly host: string; readonly port: number },
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<KeptAdmin> {
  let server: AdminServer | undefined;
  let retry: Timer | undefined;
  let closed = false;
  let complained = false;

  const bind = async (): Promise<void> => {
    try {
      server = await serveAdmin(app, address);
      if (closed) await server.close();
      else if (complained) logger.info(`admin address ${address.host}:${address.port} is ours now`);
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      if (!complained) {
        logger.warn(
          `admin address ${address.host}:${address.port} cannot be bound (${code}); trying again. Set --admin to another, or off`,
        );
      }
      complained = true;
      retry = clock.after(retryMs, () => void bind());
    }
  };
  await bind();
  return {
    async close() {
      closed = true;
      retry?.cancel();
      await server?.close();
    },
  };
}
