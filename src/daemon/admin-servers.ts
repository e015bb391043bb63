import { randomBytes } from 'node:crypto';
import type { AccessRules } from '../admin/access.ts';
import { keepServing, type KeptAdmin } from '../admin/keep-serving.ts';
import { serveAdmin, serveAdminSocket, type AdminServer, type LateApp } from '../admin/server.ts';
import type { AdminSource } from '../admin/source.ts';
import { formatAddress, isLoopback } from '../address/address.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time/clock.ts';
import type { DashboardLink } from './dashboard-link.ts';

/**
 * The admin API's two ways in: an address, where a token may be needed, and a Unix socket, where the file's mode
 * decides.
 */
type AdminSettings = Pick<Settings, 'admin' | 'admin-socket' | 'admin-token' | 'admin-names'>;

interface AdminServersParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly link: DashboardLink;
  /** The most connections at each of the two. */
  readonly mostConnections: number;
}

/** Yields each way in once it was tried; one that is taken is tried again until it is free. */
export async function* serveAdminApi(
  source: AdminSource,
  settings: AdminSettings,
  parts: AdminServersParts,
): AsyncGenerator<KeptAdmin> {
  const { admin, 'admin-socket': socket } = settings;
  if (admin !== 'off') yield await serveAddress(source, { ...settings, admin }, parts);
  if (socket !== undefined) {
    const app = lateApp(source, { token: undefined, names: [] });
    const serve = (): Promise<AdminServer> => serveAdminSocket(app, socket, parts.mostConnections);
    yield await keepServing({ name: `admin socket ${socket}`, serve }, parts);
  }
}

async function serveAddress(
  source: AdminSource,
  settings: AdminSettings & { readonly admin: Exclude<Settings['admin'], 'off'> },
  parts: AdminServersParts,
): Promise<KeptAdmin> {
  const { admin } = settings;
  const rules = rulesOf(settings);
  const app = lateApp(source, rules);
  return keepServing(
    {
      name: `admin address ${formatAddress(admin)}`,
      serve: () => serveAdmin(app, admin, parts.mostConnections),
      onServing({ port }) {
        parts.link.onServing(
          { host: admin.host, port },
          settings['admin-token'] === undefined ? rules.token : undefined,
        );
      },
    },
    parts,
  );
}

function lateApp(source: AdminSource, rules: AccessRules): LateApp {
  return async () => {
    const { createAdminApp } = await import('../admin/app.ts');
    return createAdminApp(source, rules);
  };
}

/** Clients from beyond this machine need a token; one is made up where none is set. */
function rulesOf({ admin, 'admin-token': given, 'admin-names': names }: AdminSettings): AccessRules {
  const isLocal = admin === 'off' || isLoopback(admin.host);
  return { token: given ?? (isLocal ? undefined : randomBytes(24).toString('base64url')), names };
}
