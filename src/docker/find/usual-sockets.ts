import { posix } from 'node:path';
import { defaultEngine } from '../engine-url.ts';
import type { Machine } from './machine.ts';

/**
 * The addresses at which engines usually listen, the likeliest first: Docker, Docker Desktop, Colima, OrbStack, rootless
 * Docker, and Podman. Pure.
 */
export function usualSockets({ platform, home, environment }: Machine): [string, ...string[]] {
  if (platform === 'win32') return [defaultEngine(platform)];
  const runtime = environment['XDG_RUNTIME_DIR'] || undefined;
  const paths = [
    ...['.docker/run', '.docker/desktop', '.colima/default', '.orbstack/run'].map((folder) => posix.join(home, folder)),
    ...(runtime === undefined ? [] : [runtime]),
  ].map((folder) => posix.join(folder, 'docker.sock'));
  const podman = [...(runtime === undefined ? [] : [runtime]), '/run'].map((folder) => `${folder}/podman/podman.sock`);
  return [defaultEngine(platform), ...[...paths, ...podman].map((path) => `unix://${path}`)];
}

/**
 * The socket to mount into a container where it is not the usual one: that of a rootless Docker or of a Podman, and no
 * Docker is there. Undefined also on other systems and with Docker Desktop, whose containers find the usual one in the
 * virtual machine.
 */
export function socketToMount(machine: Machine, isThere: (path: string) => boolean): string | undefined {
  if (machine.platform !== 'linux') return undefined;
  const paths = usualSockets(machine).map((url) => url.replace('unix://', ''));
  const first = paths.find((path) => isThere(path));
  const isInVirtualMachine = first?.startsWith(`${machine.home}/.`) === true;
  return first === paths[0] || isInVirtualMachine ? undefined : first;
}
