import { isIPv6 } from 'node:net';
import type { DirectNetworks } from '../../../network/direct-networks.ts';
import type { Endpoint } from '../../boundary/table.ts';
import type { Chunks } from './chunks.ts';
import type { Libc } from './libc.ts';

/**
 * Three properties of TCP connections that a relay must handle: dials that connect to themselves, dials to networks that
 * are gone, and closes that send a reset.
 */
export interface DialFacts {
  readonly libc: Libc;
  /** The lowest port that the kernel assigns to an unbound socket (ip(7), ip_local_port_range). */
  readonly firstEphemeralPort: number;
  readonly networks: DirectNetworks;
}

const mostLeftovers = 16;
const unreachable = -101; // ENETUNREACH
const notPermitted = -1; // EPERM

/**
 * True where a dial connected to itself (TCP simultaneous open). A dial to a port of the ephemeral range without a
 * listener may be assigned that very port as its own: rare, but the relay dials every few milliseconds for a held
 * client.
 */
export function isSelfConnected({ libc, firstEphemeralPort }: DialFacts, fd: number, endpoint: Endpoint): boolean {
  if (endpoint.port < firstEphemeralPort || libc.localAddress(fd) < 0) return false;
  const { host, port } = libc.lastAddress();
  return port === endpoint.port && host === endpoint.host;
}

/**
 * Makes a dial to a container's address fail with ENETUNREACH once the container's network is gone. The kernel sees to
 * that for IPv4. An IPv6 socket ignores SO_DONTROUTE, so it is bound to the interface that leads to the address; its
 * packets are then dropped if the interface goes while the dial is under way. Returns minus errno if it can't be done.
 */
export function keepOnMachine({ libc, networks }: DialFacts, fd: number, host: string): number {
  if (!isIPv6(host)) return libc.setDontRoute(fd);
  const path = networks.find(host);
  if (path.kind === 'none') return unreachable;
  if (path.kind === 'unknown') return 0;
  const result = libc.bindToDevice(fd, path.device);
  // Linux before 5.7 lets only root bind to an interface (sock_setbindtodevice in net/core/sock.c).
  return result < 0 && result !== notPermitted ? unreachable : 0;
}

/**
 * Makes the close that follows send a FIN instead of a reset, which a socket with unread bytes would send (RFC 9293,
 * 3.10.4).
 */
export function endInOrder({ libc, chunks }: { readonly libc: Libc; readonly chunks: Chunks }, fd: number): void {
  libc.shutdownWrite(fd);
  for (let reads = 0; reads < mostLeftovers && libc.read(fd, chunks.scratch) > 0; reads++);
}
