import { connect, type Socket } from 'node:net';

/**
 * A separate process that subscribes to the event stream on many plain sockets, so that its reading does not disturb
 * the measurement. The last socket never reads. It reports its status when it receives a message over IPC.
 */
export interface SubscriberStatus {
  /** The number of sockets that are still connected. */
  readonly open: number;
  /** The bytes that all sockets have read. */
  readonly bytes: number;
}

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const sockets = new Set<Socket>();
let bytes = 0;
for (let index = 0; index < count; index += 1) {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  socket.write('GET /api/events?stats=true&since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  if (index < count - 1) socket.on('data', (chunk) => (bytes += chunk.length));
  else socket.pause();
}
process.on('message', () => process.send?.({ open: sockets.size, bytes } satisfies SubscriberStatus));
process.on('disconnect', () => process.exit(0));
