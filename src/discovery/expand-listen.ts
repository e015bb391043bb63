import { isUnix, unixPath, type Address } from '../address/address.ts';
import { lastOf, rangeLength, type ListenRange } from '../address/listen.ts';
import { lastPort } from '../address/port.ts';
import { quoted } from '../text/printable.ts';

/**
 * Expands the listen addresses of a route into one entry for each port: a range makes a service of each of its ports.
 * Pure.
 */
export interface ExpandedListen {
  /** The service of this port. */
  readonly service: string;
  /** The offset of the upstream's port from its first port. */
  readonly portOffset: number;
  /** The addresses that clients of the service connect to. */
  readonly addresses: readonly Address[];
}

/** `bind` is the host of addresses that have only a port. */
export function expandListen(service: string, listen: readonly ListenRange[], bind: string): ExpandedListen[] {
  const count = rangeLength(listen);
  return Array.from({ length: count }, (_, portOffset) => {
    const addresses = listen.map(({ host, port }) => ({ host: host ?? bind, port: port + portOffset }));
    return { service: count === 1 ? service : `${service}:${addresses[0]?.port}`, portOffset, addresses };
  });
}

/** Finds the mistakes of a well-formed `listen` that depend on the container and the settings. */
export function mistakeIn(
  listen: readonly ListenRange[],
  port: number,
  socketFolder: string,
): { readonly message: string; readonly fix: string } | undefined {
  if (lastOf({ port, count: rangeLength(listen) }) > lastPort) {
    return {
      message: 'its range of ports ends beyond port 65535; the route is not served',
      fix: 'Give a lower port, or a shorter range.',
    };
  }
  // Labels also come from images, so they must not create files wherever Sealane may.
  const folder = socketFolder.replace(/\/$/, '');
  const stray = listen.find(({ host }) => host && isUnix(host) && !unixPath(host).startsWith(`${folder}/`));
  if (!stray?.host) return undefined;
  return {
    message: `${quoted(stray.host)} is not in ${folder}, where labels may open sockets; the route is not served`,
    fix: `Listen on unix:${folder}/<name>, or set socket-folder.`,
  };
}
