import { once } from 'node:events';
import { connect } from 'node:net';
import { hello, wants } from './hello-server.ts';
import { latencyOf, type Latency } from './fixed-rate.ts';

/**
 * Clients that begin with a ClientHello and then send one byte that says what they want.
 */
export async function shortHellos(port: number, connections: number, seconds: number): Promise<Latency> {
  const untilMs = performance.now() + seconds * 1_000;
  const request = Buffer.concat([hello, Buffer.of(wants.answer)]);
  const samples: number[] = [];
  const lane = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const beginMs = performance.now();
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.write(request);
      socket.resume();
      await once(socket, 'close');
      samples.push(performance.now() - beginMs);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return latencyOf(samples);
}

/** The number of bytes that arrived. */
export async function bulkAfterHello(port: number, seconds: number): Promise<number> {
  let bytes = 0;
  const memory = Buffer.alloc(256 * 1024);
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: memory,
      callback: (length) => {
        bytes += length;
        return true;
      },
    },
  });
  socket.write(Buffer.concat([hello, Buffer.of(wants.bulk)]));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  socket.destroy();
  return bytes;
}
