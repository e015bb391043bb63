import type { Socket } from 'node:net';

/**
 * Closes a socket with an RST, now. `resetAndDestroy` does not: it first ends the stream, so a FIN goes out before the
 * RST and a quick peer takes it for an empty answer; it waits for a peer that does not read; and if the socket fails
 * meanwhile its handle is never closed (uv_tcp_close_reset refuses a stream that is shutting down), which lets a worker
 * thread spin for ever at its end (all seen on Node 26.10). So this function sets the flag of Node that `destroy`
 * reads. It is the same in every Node from 18.3 on, and the contract suite fails if it no longer is.
 *
 * `carrier`: the TCP connection below a TLS socket. A TLS socket has no reset of its own, and closes the connection.
 */
export function resetNow(socket: Socket, carrier: Socket = socket): void {
  if (socket.destroyed) return;
  const isShuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  // A socket that is connecting has no peer to reset, and one that is shutting down can only be closed.
  if (!socket.connecting && !isShuttingDown && canReset(carrier))
    (carrier as { resetAndClosing?: boolean }).resetAndClosing = true;
  socket.destroy();
}

/** False for a Unix socket: its peer sees an end, or a reset if it had sent bytes that were not read (unix(7)). */
function canReset(carrier: Socket): boolean {
  const { _handle: handle } = carrier as { _handle?: { readonly reset?: unknown } };
  return typeof handle?.reset === 'function';
}
