import { createServer, type Socket } from 'node:net';
import { recorded } from '../../test/support/sockets/recorded.ts';

/**
 * The upstream of proxies that route by TLS server name, as a separate process: it skips a recorded ClientHello and
 * does what the next byte says. A client without a ClientHello gets an endless HTTP response.
 */
export const hello = Buffer.from(recorded('curl'));
export const helloName = 'api.example.test';
export const wants = { answer: 1, bulk: 2 } as const;

if (process.argv[1] === import.meta.filename) {
  const server = createServer({ noDelay: true }, serve);
  server.listen(Number(process.argv[2]), '127.0.0.1', 8_192);
  process.once('disconnect', () => process.exit());
}

function serve(socket: Socket): void {
  let seen = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const before = seen;
    seen += chunk.length;
    if (before === 0 && chunk[0] !== hello[0]) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n');
      pour(socket);
    }
    if (before > hello.length || seen <= hello.length) return;
    if (chunk[hello.length - before] === wants.answer) socket.end('ok\n');
    else pour(socket);
  });
}

const piece = Buffer.alloc(256 * 1024);

function pour(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}
