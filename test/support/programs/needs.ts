import { existsSync } from 'node:fs';
import type { Need } from '../../../dev/machine/packages.ts';

/**
 * The programs that tests without an engine need, by what they are for.
 */
export const tlsClients = named('curl', 'openssl');
export const shells = named('bash', 'zsh', 'fish');
export const terminals = named('tmux');

export const realClients: readonly Need[] = [
  ...tlsClients,
  { program: 'pg_ctlcluster', debianPackage: 'postgresql' },
  { program: 'ssh-keyscan', debianPackage: 'openssh-client' },
  { program: 'dropbear', debianPackage: 'dropbear-bin' },
];

export const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export const proxies: readonly Need[] = [
  ...named('haproxy', 'nginx'),
  // The module is no program, so it is searched at the path from which nginx loads it.
  ...(existsSync(streamModule) ? [] : [{ program: 'ngx_stream_module.so', debianPackage: 'libnginx-mod-stream' }]),
];

export const needsOfLonelyTests: readonly Need[] = [...shells, ...terminals, ...realClients, ...proxies];

function named(...programs: readonly string[]): readonly Need[] {
  return programs.map((program) => ({ program, debianPackage: program }));
}
