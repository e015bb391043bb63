import { which } from '../machine/command.ts';
import type { Need } from '../machine/packages.ts';

/**
 * Chooses crun(1) for the containers of private engines, where Docker's default is runc. Of the processor, crun needs half
 * for a process in a container (22 instead of 45 ms with Docker 20.10), and 20 ms less for a container of 200 ms.
 */
export const runtimeNeed: Need = { program: 'crun', debianPackage: 'crun' };

/**
 * Docker's settings for the runtime (dockerd(8)). Only Debian has dockerd in this folder: an engine of another origin may
 * be too new for Debian's crun, and keeps its default.
 */
export async function dockerRuntime(): Promise<object> {
  if ((await which('dockerd')) !== '/usr/sbin/dockerd') return {};
  return { runtimes: { crun: { path: await runtimePath() } }, 'default-runtime': 'crun' };
}

/** The path of crun; its name where it is not installed yet. */
export async function runtimePath(): Promise<string> {
  return (await which(runtimeNeed.program)) ?? runtimeNeed.program;
}

/**
 * Shell commands for a namespace of mounts of the engine's own. crun refuses versions 1 and 2 of cgroups side by side; with
 * both, version 2 limits nothing.
 */
export const withoutSecondCgroups = `if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi`;

/** The command that runs another one in such a namespace, which sees what is mounted on the machine later. */
export const inOwnMounts = [
  ...['unshare', '--mount', '--propagation', 'slave'],
  ...['sh', '-c', `${withoutSecondCgroups}; exec "$0" "$@"`],
] as const;
