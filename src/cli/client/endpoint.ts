import { formatAddress } from '../../address/address.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';
import { printable } from '../../text/printable.ts';

/**
 * Where the Sealane that is asked serves its admin API.
 */
export interface AdminEndpoint {
  /** For people. */
  readonly shown: string;
  readonly to: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly token: string | undefined;
}

export type EndpointFlags = Flags & { readonly config?: string };

/**
 * From flags, environment and file, as for the Sealane that is asked; in its own container that is the same environment.
 * A socket is asked rather than an address, unless a flag says otherwise.
 *
 * @throws ConfigError
 */
export async function readEndpoint(flags: EndpointFlags, environment: NodeJS.ProcessEnv): Promise<AdminEndpoint> {
  const { settings } = await loadConfig(flags, environment);
  const { admin, 'admin-socket': socketPath, 'admin-token': token } = settings;
  const addressWasNamed = flags.admin !== undefined && flags['admin-socket'] === undefined;
  if (socketPath !== undefined && !addressWasNamed) {
    return { shown: printable(socketPath, 400), to: { socketPath }, token: undefined };
  }
  if (admin === 'off') throw new ConfigError('--admin is off: there is nothing to ask');
  return { shown: formatAddress(admin), to: { host: reachable(admin.host), port: admin.port }, token };
}

/** What is bound to all addresses is asked on the loopback one. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
