import type { Endpoint } from '../../boundary/table.ts';
import type { Chunks } from './chunks.ts';
import type { Libc } from './libc.ts';

/**
 * Two properties of TCP connections that a relay must handle: dials that connect to themselves, and closes that send a
 * reset.
 */
export interface DialFacts {
  readonly libc: Libc;
  /** The lowest port that the kernel assigns to an unbound socket (ip(7), ip_local_port_range). */
  readonly firstEphemeralPort: number;
}

const mostLeftovers = 16;

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
 * Makes the close that follows send a FIN instead of a reset, which a socket with unread bytes would send (RFC 9293,
 * 3.10.4).
 */
export function endInOrder({ libc, chunks }: { readonly libc: Libc; readonly chunks: Chunks }, fd: number): void {
  libc.shutdownWrite(fd);
  for (let reads = 0; reads < mostLeftovers && libc.read(fd, chunks.scratch) > 0; reads++);
}
