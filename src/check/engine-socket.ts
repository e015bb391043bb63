import { printable } from '../text/printable.ts';
import { defaultEngine } from '../docker/engine-url.ts';
import type { Finding } from './finding.ts';
import type { SealaneService } from './sealane-service.ts';

/**
 * Finds a Sealane that can't reach its engine, since the engine's socket is not mounted into its container. Pure.
 */
export function socketNotMounted({ service, settings, usesFile, dockerHost }: SealaneService): Finding[] {
  const url = settings.docker ?? (usesFile ? undefined : (dockerHost ?? defaultEngine));
  if (url === undefined || !url.startsWith('unix://') || service.usesApiSocket) return [];
  const socket = url.slice('unix://'.length);
  const { mounts } = service;
  if (mounts === undefined || mounts.some((target) => isWithin(canonical(socket), canonical(target)))) return [];
  return [
    {
      code: 'socket-not-mounted',
      location: service.location,
      service: service.name,
      message: `Sealane watches the engine at ${printable(socket)}, which is not mounted into its container`,
      fix: `Add "/var/run/docker.sock:${printable(socket)}:ro" to the volumes of ${printable(service.name)}.`,
    },
  ];
}

/** /var/run is a link to /run in all common images. */
function canonical(path: string): string {
  return path.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/\/+$/, '');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
