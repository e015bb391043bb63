import { existsSync } from 'node:fs';
import { formatAddress } from '../../address/address.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';
import { defaultVariable } from '../../config/settings.ts';
import { printable } from '../../text/printable.ts';

/**
 * Where a running Sealane serves its admin API.
 */
export interface AdminEndpoint {
  /** The address or path as messages show it. */
  readonly shown: string;
  readonly to: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly token: string | undefined;
}

export type EndpointFlags = Flags & { readonly config?: string };

/**
 * Reads the endpoint from flags, environment and file, as Sealane itself does; inside Sealane's container the
 * environment is the same. A configured socket is preferred to an address, unless a flag names the address.
 *
 * @throws ConfigError
 */
export async function readEndpoint(flags: EndpointFlags, environment: NodeJS.ProcessEnv): Promise<AdminEndpoint> {
  const { settings } = await loadConfig(flags, environment);
  const { admin, 'admin-socket': socketPath, 'admin-token': token } = settings;
  const addressWasNamed = flags.admin !== undefined && flags['admin-socket'] === undefined;
  // The image has a socket by default, which no Sealane serves in a container that was started to ask another one.
  const isOfImage = socketPath !== undefined && socketPath === environment[defaultVariable('admin-socket')];
  const isAbsent = isOfImage && admin !== 'off' && !existsSync(socketPath);
  if (socketPath !== undefined && !addressWasNamed && !isAbsent) {
    return { shown: printable(socketPath, 400), to: { socketPath }, token: undefined };
  }
  if (admin === 'off') throw new ConfigError('--admin is off: name the address of a running Sealane');
  return { shown: formatAddress(admin), to: { host: reachable(admin.host), port: admin.port }, token };
}

/** The host to connect to: the loopback address where the server is bound to all addresses. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
