import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * Measures the latency that clients of the relay see: short sessions at a fixed rate, each timed from its connect to
 * the echo of its byte.
 */
export interface Latency {
  readonly sessions: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function startEcho(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Opens a session every `paceMs`, whether or not earlier ones have ended, so that a slower relay gets the same load.
 */
export async function timeSessions(port: number, forMs: number, paceMs = 5): Promise<Latency> {
  const times: number[] = [];
  const open: Promise<void>[] = [];
  const beganMs = performance.now();
  for (let next = beganMs; next < beganMs + forMs; next += paceMs) {
    const waitMs = next - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    open.push(timeOne(port).then((ms) => void times.push(ms)));
  }
  await Promise.all(open);
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? Number.NaN;
  return { sessions: times.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function timeOne(port: number): Promise<number> {
  const beganMs = performance.now();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write('x');
  await once(socket, 'data');
  const tookMs = performance.now() - beganMs;
  socket.end();
  await once(socket, 'close');
  return tookMs;
}
