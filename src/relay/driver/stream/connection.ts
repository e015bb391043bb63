import { connect, isIPv6, type Socket } from 'node:net';
import { connectOptions } from '../../../address/address.ts';
import type { Endpoint } from '../../boundary/table.ts';
import { keepAliveInitialDelayMs } from './socket-options.ts';

export function connectTo(endpoint: Endpoint): Socket {
  return connect({
    ...connectOptions(endpoint),
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveInitialDelayMs,
  });
}

/** As the kernel would say. */
export function tooManyFiles(): NodeJS.ErrnoException {
  return Object.assign(new Error('as many sockets are open as the limit of open files allows'), { code: 'EMFILE' });
}

/**
 * A dial to a port of the ephemeral range that nobody listens on may be given that very port as its own, and then
 * connects to itself (TCP simultaneous open): rare, but a held client is dialed for every few milliseconds.
 */
export function isSelfConnected(socket: Socket, port: number): boolean {
  return port > 0 && socket.localPort === port && socket.localAddress === socket.remoteAddress;
}

export function selfConnected(): NodeJS.ErrnoException {
  return Object.assign(new Error('connected to itself: nobody listens'), { code: 'ECONNREFUSED' });
}

/** A client that came over IPv4 to an IPv6 listener is given its IPv4 address. */
export function formatAddress(address: string | undefined, port: number | undefined): string {
  // A client that reset before it was accepted has no address any more.
  if (address === undefined) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
