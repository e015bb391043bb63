import { printable } from '../../text/printable.ts';
import { defaultEngine } from '../../docker/engine-url.ts';
import type { Finding } from '../finding.ts';
import { isOnMount } from './mounts.ts';
import type { SealaneService } from '../sealane-service.ts';

/**
 * Finds a Sealane that can't reach an engine, since the engine's socket is not mounted into its container. Pure.
 */
export function socketNotMounted(sealane: SealaneService): Finding[] {
  const { mounts, usesApiSocket, location, name } = sealane.service;
  if (mounts === undefined || usesApiSocket) return [];
  const sockets = engineUrls(sealane).flatMap((url) => /^unix:\/\/(.+)$/.exec(url)?.[1] ?? []);
  const isMounted = (socket: string): boolean => isOnMount(socket, mounts);
  // One engine is likely that of the host, whatever its path in the container; of several, each path is an engine's own.
  const source = (socket: string): string => (sockets.length === 1 ? defaultSocket : printable(socket));
  return sockets
    .filter((socket) => !isMounted(socket))
    .map((socket) => ({
      code: 'socket-not-mounted',
      location,
      service: name,
      message: `Sealane watches the engine at ${printable(socket)}, which is not mounted into its container`,
      fix: `Add "${source(socket)}:${printable(socket)}:ro" to the volumes of ${printable(name)}.`,
    }));
}

const defaultSocket = defaultEngine('linux').replace('unix://', '');

/** The addresses that are known without the container's files. Of the usual sockets, a container has the first. */
function engineUrls({ settings: { docker }, usesFile, dockerHost, dockerContext }: SealaneService): string[] {
  if (docker === 'none') return [];
  if (docker) return docker.flatMap((choice) => (choice.kind === 'url' ? [choice.url] : []));
  if (usesFile) return [];
  if (dockerHost !== undefined) return [dockerHost];
  return dockerContext === undefined ? [defaultEngine('linux')] : [];
}
