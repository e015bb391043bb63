import { connect, isIPv6, type Socket } from 'node:net';
import { connectOptions } from '../../../address/address.ts';
import type { Endpoint } from '../../boundary/table.ts';
import type { PeerTimeouts } from '../vanished-peer.ts';

export function connectTo(endpoint: Endpoint, timeouts: PeerTimeouts): Socket {
  const socket = connect({ ...connectOptions(endpoint), allowHalfOpen: true, noDelay: true });
  enableKeepAlive(socket, timeouts);
  return socket;
}

/** Node's options of servers and dials have no interval and no count. */
export function enableKeepAlive(socket: Socket, { probeAfterMs, probeIntervalMs, probes }: PeerTimeouts): void {
  socket.setKeepAlive(true, probeAfterMs, probeIntervalMs, probes);
}

/** The kernel's error for a process without a free descriptor. */
export function tooManyFiles(): NodeJS.ErrnoException {
  return Object.assign(new Error('as many sockets are open as the limit of open files allows'), { code: 'EMFILE' });
}

/** The kernel's error for an address that no route leads to. */
export function networkGone(): NodeJS.ErrnoException {
  return Object.assign(new Error('this machine is on no network with the address'), { code: 'ENETUNREACH' });
}

/**
 * True where a dial connected to itself (TCP simultaneous open). A dial to a port of the ephemeral range without a
 * listener may be assigned that very port as its own: rare, but the relay dials every few milliseconds for a held
 * client.
 */
export function isSelfConnected(socket: Socket, port: number): boolean {
  return port > 0 && socket.localPort === port && socket.localAddress === socket.remoteAddress;
}

export function selfConnected(): NodeJS.ErrnoException {
  return Object.assign(new Error('connected to itself: nothing listens on the port'), { code: 'ECONNREFUSED' });
}

/** The error of a dial that another container has answered. */
export function otherContainer(): NodeJS.ErrnoException {
  return Object.assign(new Error('another container has the address'), { code: 'EHOSTUNREACH' });
}

/** Prints an address and port; a client that connected over IPv4 to an IPv6 listener is shown with its IPv4 address. */
export function formatPeer(address: string | undefined, port: number | undefined): string {
  // A client that reset before it was accepted has no address any more.
  if (address === undefined) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
