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
