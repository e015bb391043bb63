import type { Socket } from 'node:net';

/**
 * Closes a socket with an RST, now. `resetAndDestroy` does not: it first ends the stream, so a FIN goes out before the
 * RST and a quick peer takes it for an empty answer; it waits for a peer that does not read; and if the socket fails in
 * that time its handle is never closed (uv_tcp_close_reset refuses a stream that is shutting down), which lets a worker
 * thread spin for ever at its end (all seen on Node 26.10). What it sets for `destroy` to read is therefore set here; it
 * is the same in every Node from 18.3 on, and the contract suite tells if it no longer is.
 *
 * `carrier`: the connection below, for a TLS socket, which knows no reset of its own and closes it.
 */
export function resetNow(socket: Socket, carrier: Socket = socket): void {
  if (socket.destroyed) return;
  const isShuttingDown = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  // While it connects there is nobody to tell; while it shuts down it can only be closed.
  if (!socket.connecting && !isShuttingDown && canReset(carrier))
    (carrier as { resetAndClosing?: boolean }).resetAndClosing = true;
  socket.destroy();
}

/** A unix socket can't: its peer sees an end, or a reset if it had sent what nobody read (unix(7)). */
function canReset(carrier: Socket): boolean {
  const { _handle: handle } = carrier as { _handle?: { readonly reset?: unknown } };
  return typeof handle?.reset === 'function';
}
