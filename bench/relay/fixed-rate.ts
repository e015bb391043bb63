import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { quantile } from '../../test/soak/quantile.ts';
import { hrtimeMs, type Pace } from './pace.ts';

/**
 * Sends requests at a fixed rate over kept-alive connections. Latency counts from when a request was due, not from when
 * it was sent, so that a stalled proxy can't hide the requests it delayed (coordinated omission).
 */
export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const connections = 32;
/** The time that the pacing thread gets to start. */
const startMs = 250;
const request = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\n\r\n');
/** The last line of the body that the web server sends. */
const lastByte = '\n'.charCodeAt(0);

export async function fixedRate(port: number, perSecond: number, seconds: number): Promise<Latency> {
  const lanes = await Promise.all(Array.from({ length: connections }, () => openLane(port)));
  const pace: Pace = { beginMs: hrtimeMs() + startMs, intervalMs: 1_000 / perSecond, count: perSecond * seconds };
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), { workerData: pace });
  try {
    await new Promise<void>((resolve, reject) => {
      for (const { socket } of lanes) socket.on('error', reject);
      pacer.on('error', reject);
      pacer.on('message', (nth: number) => lanes[nth % connections]?.send(pace.beginMs + nth * pace.intervalMs));
      pacer.on('exit', () => resolve());
    });
  } finally {
    await pacer.terminate();
  }
  await Promise.all(lanes.map((lane) => lane.settled()));
  for (const { socket } of lanes) socket.destroy();
  return latencyOf(lanes.flatMap((lane) => lane.samples));
}

export function latencyOf(samplesMs: readonly number[]): Latency {
  return { count: samplesMs.length, p50Ms: quantile(samplesMs, 0.5), p99Ms: quantile(samplesMs, 0.99) };
}

interface Lane {
  readonly socket: Socket;
  readonly samples: number[];
  send(dueMs: number): void;
  settled(): Promise<void>;
}

async function openLane(port: number): Promise<Lane> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const due: number[] = [];
  const samples: number[] = [];
  let onEmpty: (() => void) | undefined;
  socket.on('data', (chunk) => {
    // Answers are far smaller than a segment, so one chunk may contain several answers to pipelined requests.
    for (let at = chunk.indexOf('ok'); at >= 0; at = chunk.indexOf('ok', at + 2)) {
      if (chunk[at + 2] !== lastByte) continue;
      const dueMs = due.shift();
      if (dueMs !== undefined) samples.push(hrtimeMs() - dueMs);
    }
    if (due.length === 0) onEmpty?.();
  });
  return {
    socket,
    samples,
    send(dueMs) {
      due.push(dueMs);
      socket.write(request);
    },
    async settled() {
      if (due.length === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      onEmpty = resolve;
      const patience = setTimeout(resolve, 5_000);
      await promise;
      clearTimeout(patience);
    },
  };
}
