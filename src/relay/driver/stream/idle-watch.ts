import type { Socket } from 'node:net';

/**
 * Calls `onIdle` when neither socket has moved a byte for `idleTimeoutMs`. Reads, and writes that make progress, renew
 * Node's socket timers, so a slow reader that still takes bytes is not idle: a session is idle only when both timers
 * have run out. Returns a function that ends the watch.
 */
export function watchIdle(client: Socket, upstream: Socket, idleTimeoutMs: number, onIdle: () => void): () => void {
  const silent = new Set<Socket>();
  const onMoved = (): void => silent.clear();
  const watched = [client, upstream].map((socket) => {
    const onTimeout = (): void => {
      silent.add(socket);
      if (silent.size === 2) onIdle();
    };
    socket.setTimeout(idleTimeoutMs, onTimeout);
    socket.on('data', onMoved);
    socket.on('drain', onMoved);
    return { socket, onTimeout };
  });
  return () => {
    for (const { socket, onTimeout } of watched) {
      socket.setTimeout(0, onTimeout);
      socket.off('data', onMoved);
      socket.off('drain', onMoved);
    }
  };
}
