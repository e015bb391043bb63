import { join } from 'node:path';
import type { Need } from '../machine/packages.ts';
import { runtimeNeed } from './runtime.ts';

/**
 * What every Podman needs, and its configuration (containers.conf(5)).
 */
export const podmanNeeds: readonly Need[] = [
  { program: 'podman', debianPackage: 'podman' },
  { program: 'conmon', debianPackage: 'conmon' },
  runtimeNeed,
  { program: '/usr/lib/podman/netavark', debianPackage: 'netavark' },
];

/** Where a private Podman, with everything of it in `folder`, has its configuration. */
export function podmanConfigurationIn(folder: string): string {
  return join(folder, 'containers.conf');
}

/**
 * The limits are those that a process without privileges over this machine's own limits may set. Without a `folder`, Podman
 * keeps its networks, volumes and temporary files in the usual places.
 */
export function podmanConfiguration(runtime: string, folder?: string): string {
  const place = (setting: string, name: string): string =>
    folder === undefined ? '' : `${setting} = ${JSON.stringify(join(folder, name))}\n`;
  return `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = ${JSON.stringify(runtime)}
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
${place('tmp_dir', 'tmp')}${place('volume_path', 'volumes')}[network]
network_backend = "netavark"
${place('network_config_dir', 'networks')}`;
}

/**
 * Shell commands for a namespace of mounts of Podman's own. For each `/info`, Podman asks the system which packages its
 * programs are of, by four processes that read all of dpkg's lists. Here it finds no program to ask.
 */
export const withoutPackageNames = `for asked in dpkg rpm; do
  if [ -e "/usr/bin/$asked" ]; then mount --bind /dev/null "/usr/bin/$asked"; fi
done`;
