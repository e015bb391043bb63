import type { Socket } from 'node:net';
import { resetNow } from './reset.ts';

/**
 * Ends of connections in order, each of which becomes a reset where the peer takes too long.
 */
/** The time for a client to read its last bytes. */
const lingerMs = 1_000;
/**
 * The time to flush what is buffered: Node gives up after one to two such times without progress.
 */
const flushMs = 5_000;

/** Sends a client a few last bytes, and discards what it still sends. `carrier`: the connection below a TLS socket. */
export function endWith(bytes: Uint8Array, client: Socket, carrier: Socket): void {
  client.resume();
  client.end(Buffer.from(bytes));
  const patience = setTimeout(() => resetNow(client, carrier), lingerMs);
  client.once('close', () => clearTimeout(patience));
}

/** Ends a connection once what is buffered is flushed: a peer that takes no more bytes must not keep it for ever. */
export function endSoon(socket: Socket, reset: () => void): void {
  socket.setTimeout(flushMs, reset);
  socket.destroySoon();
}
