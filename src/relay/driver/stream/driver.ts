import { closeSync } from 'node:fs';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { isUnix, unixPath } from '../../../address/address.ts';
import type { Bind, Driver, DriverListener, ListenEvents } from '../driver.ts';
import { StreamChannel } from './channel.ts';
import { enableKeepAlive } from './connection.ts';
import { deliver } from './deliver.ts';
import { resetNow } from './reset.ts';
import { StreamTlsContext } from './tls-end.ts';
import { createParts, type StreamDriverOptions, type StreamParts } from './stream-parts.ts';

/**
 * The portable driver, on node:net.
 *
 * When the process has no file descriptor left, libuv accepts each waiting client on a spare one and closes it at once
 * (uv__emfile_trick in src/unix/stream.c). Node emits no event, and the client sees an empty answer. So the driver
 * counts its sockets, stays below the limit, resets the clients beyond it and reports a resource warning.
 */
/**
 * The longest accept queue; the kernel limits it to net.core.somaxconn (listen(2)). Node's default of 511 overflows in
 * a burst.
 */
const backlog = 4_096;

export function createStreamDriver(options: StreamDriverOptions = {}): Driver {
  const parts = createParts(options);
  return {
    clock: parts.clock,
    listen: (bind, events) => listen(bind, events, parts),
    get hasRoomToSpare() {
      return parts.sockets.hasRoomToSpare;
    },
    deliver: (delivery, onOver) => deliver(delivery, parts, onOver),
    adopt(fd, client) {
      parts.sockets.clientAdopted();
      const socket = open(fd);
      if (socket) return channelOf(socket, parts, client);
      parts.sockets.clientClosed();
      return undefined;
    },
    createTlsContext: (terms) => new StreamTlsContext(terms),
    dialsTls: true,
  };
}

function listen({ host, port, reusePort }: Bind, events: ListenEvents, parts: StreamParts): DriverListener {
  // Half-open sockets: an end in one direction must not end the other.
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.on('connection', (socket) => accept(socket, events, parts, isUnix(host) ? 'unix' : undefined));
  server.on('error', (error: NodeJS.ErrnoException) => {
    const { code = 'UNKNOWN', message } = error;
    if (server.listening) events.onResourceWarning(code, message);
    else events.onFailed(code, message);
  });
  let closed = false;
  let isBound = false;
  server.on('listening', () => {
    // Node looks up the host first, even where it is an address, so the event may come after `close`.
    if (closed) return void server.close();
    isBound = true;
    parts.sockets.otherOpened();
    parts.limitRetries(server);
    const address = boundAddress(server);
    if (isUnix(host)) events.onListening(host, port);
    else if (address) events.onListening(address.address, address.port);
  });
  try {
    if (isUnix(host)) server.listen({ path: unixPath(host), backlog, exclusive: true });
    else server.listen({ host, port, backlog, reusePort, exclusive: true });
  } catch (error) {
    // Node throws for an impossible port instead of emitting an error.
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    process.nextTick(() => events.onFailed(code, message));
  }
  return {
    close() {
      closed = true;
      server.close();
      if (isBound) parts.sockets.otherClosed();
      isBound = false;
    },
  };
}

function accept(socket: Socket, events: ListenEvents, parts: StreamParts, client?: string): void {
  const { sockets } = parts;
  if (sockets.hasRoomForClient) {
    sockets.clientOpened();
    return events.onChannel(channelOf(socket, parts, client));
  }
  socket.on('error', ignore);
  resetNow(socket);
  events.onResourceWarning('EMFILE', sockets.fullMessage('clients are reset'));
}

/** Makes a channel of a client's socket, which is counted already. */
function channelOf(socket: Socket, parts: StreamParts, client?: string): StreamChannel {
  socket.once('close', () => parts.sockets.clientClosed());
  enableKeepAlive(socket, parts.timeouts);
  return new StreamChannel(socket, parts, client);
}

function open(fd: number): Socket | undefined {
  try {
    return new Socket({ fd, allowHalfOpen: true });
  } catch {
    closeSync(fd);
    return undefined;
  }
}

function boundAddress(server: Server): AddressInfo | undefined {
  const address = server.address();
  return typeof address === 'object' && address ? address : undefined;
}

function ignore(): void {}
