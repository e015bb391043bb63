import type { AdminServer } from './server.ts';
import type { Clock, Timer } from '../time/clock.ts';
import type { Logger } from '../telemetry/logger.ts';
import { printable } from '../text/printable.ts';

/**
 * Keeps an admin address bound. An address that is taken, for instance by the Sealane that this one replaces, is tried
 * again until it is free. Relaying never waits for it.
 */
const retryMs = 1_000;

export interface KeptAdmin {
  close(): Promise<void>;
}

interface AdminListener {
  /** For people, e.g. `admin address 127.0.0.1:8470`. */
  readonly name: string;
  readonly serve: () => Promise<AdminServer>;
  readonly onServing?: (server: AdminServer) => void;
}

export async function keepServing(
  { name, serve, onServing }: AdminListener,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<KeptAdmin> {
  let server: AdminServer | undefined;
  let retry: Timer | undefined;
  let closed = false;
  let complained = false;
  const shown = printable(name);

  const bind = async (): Promise<void> => {
    try {
      server = await serve();
      if (closed) return await server.close();
      if (complained) logger.info({ event: 'admin-bound', name: shown }, `${shown} is ours now`);
      onServing?.(server);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!complained)
        logger.warn(
          { event: 'admin-bind-failed', name: shown, code: code ?? message },
          `${shown} cannot be bound (${code ?? message}); trying again. Set another, or off`,
        );
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
