import type { Endpoint } from '../../boundary/table.ts';
import type { Chunks } from './chunks.ts';
import type { Libc } from './libc.ts';

/**
 * Two things about TCP connections that a relay learns the hard way.
 */
export interface DialFacts {
  readonly libc: Libc;
  /** The lowest port that a socket may be given by itself (ip(7), ip_local_port_range). */
  readonly firstEphemeralPort: number;
}

const mostLeftovers = 16;

/**
 * A dial to a port of the ephemeral range that nobody listens on may be given that very port as its own, and then
 * connects to itself (TCP simultaneous open): rare, but a held client is dialed for every few milliseconds.
 */
export function isSelfConnected({ libc, firstEphemeralPort }: DialFacts, fd: number, endpoint: Endpoint): boolean {
  if (endpoint.port < firstEphemeralPort || libc.localAddress(fd) < 0) return false;
  const { host, port } = libc.lastAddress();
  return port === endpoint.port && host === endpoint.host;
}

/**
 * Makes the close that follows an end and not a reset, which is what a socket with unread bytes sends (RFC 9293, 3.10.4).
 */
export function endInOrder({ libc, chunks }: { readonly libc: Libc; readonly chunks: Chunks }, fd: number): void {
  libc.shutdownWrite(fd);
  for (let reads = 0; reads < mostLeftovers && libc.read(fd, chunks.scratch) > 0; reads++);
}
