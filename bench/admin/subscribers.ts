import { connect, type Socket } from 'node:net';

/**
 * A process of its own that follows the event stream on many plain sockets, so that its reading does not disturb what the
 * benchmark times. The last one never reads. Asked over IPC, it tells how it stands.
 */
export interface Standing {
  /** Followers that are still connected. */
  readonly open: number;
  /** Bytes that all of them have read. */
  readonly bytes: number;
}

const [port = 0, followers = 0] = process.argv.slice(2).map(Number);
const sockets = new Set<Socket>();
let bytes = 0;
for (let index = 0; index < followers; index += 1) {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  socket.write('GET /api/events?stats=true&since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  if (index < followers - 1) socket.on('data', (chunk) => (bytes += chunk.length));
  else socket.pause();
}
process.on('message', () => process.send?.({ open: sockets.size, bytes } satisfies Standing));
process.on('disconnect', () => process.exit(0));
