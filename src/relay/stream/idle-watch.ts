import type { Socket } from 'node:net';

/**
 * Calls back when neither socket has moved a byte for so long. Node's socket timers are renewed by reads and by writes
 * that make progress, so a slow reader that still takes bytes is not idle; it is only when both have run out.
 */
export function watchIdle(client: Socket, upstream: Socket, idleTimeoutMs: number, onIdle: () => void): void {
  const silent = new Set<Socket>();
  for (const socket of [client, upstream]) {
    socket.setTimeout(idleTimeoutMs, () => {
      silent.add(socket);
      if (silent.size === 2) onIdle();
    });
    socket.on('data', () => silent.clear());
    socket.on('drain', () => silent.clear());
  }
}
