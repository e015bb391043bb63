import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fixedRate, type Latency } from './fixed-rate.ts';
import { bulkAfterHello, shortHellos } from './hello-load.ts';
import type { Peer } from './peers.ts';
import { cpuMs, output, rssKib } from './processes.ts';
import { bulkOverTls, connectionsOverTls } from './tls-load.ts';

/**
 * The rows of the comparison: the load that each puts on a peer for some seconds, and what it measures.
 */
export interface Sample {
  /** The row's main figure. More is better. */
  readonly rate: number;
  /** CPU milliseconds of the proxy for each unit of work. */
  readonly cpuPerUnit: number;
  readonly latency: Latency | undefined;
  readonly rssKib: number;
}

export interface Row {
  readonly title: string;
  readonly rateUnit: string;
  readonly cpuUnit: string;
  /** The measure that peers are compared by. For p99 and memory, less is better. */
  readonly compares: 'rate' | 'p99' | 'memory';
  readonly measure: (peer: Peer, seconds: number) => Promise<Sample>;
  /** The port that a peer needs for this row. Peers without it are left out. */
  readonly needs?: PortKind;
  /** The row is measured only when `--rows` names it. */
  readonly onRequest?: true;
  /** The load before the measurement. Default: the same load as measured. */
  readonly warmUp?: (peer: Peer, seconds: number) => Promise<unknown>;
}

/** Ports that not every peer has. */
type PortKind = 'named' | 'proxied' | 'tlsWeb' | 'tlsBulk';

const idleConnections = 4_000;
const fixedRatePerSecond = 2_000;
const greetingMs = 10_000;

const keptAlive = web('Requests on kept-alive connections', [], 'requests', 64);
const shortSessions = web('New connections', ['-H', 'Connection: close'], 'connections', 64);

export const rows: Readonly<Record<string, Row>> = {
  'bulk-1': bulk(1),
  'bulk-4': bulk(4),
  'keep-alive': keptAlive,
  connections: shortSessions,
  'sni-bulk': {
    title: 'Bulk, 1 stream, routed by TLS server name',
    rateUnit: 'GB/s',
    cpuUnit: 'ms/GB',
    compares: 'rate',
    needs: 'named',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const bytes = await bulkAfterHello(portOf(peer, 'named'), seconds);
        return { units: bytes / 1e9, rate: bytes / 1e9 / seconds, latency: undefined };
      }),
  },
  'sni-connections': {
    title: 'New connections, routed by TLS server name',
    rateUnit: 'connections/s',
    cpuUnit: 'ms/1000 connections',
    compares: 'rate',
    needs: 'named',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const latency = await shortHellos(portOf(peer, 'named'), 64, seconds);
        return { units: latency.count / 1_000, rate: latency.count / seconds, latency };
      }),
  },
  'proxy-v2': {
    ...web(
      'New connections, with a PROXY header (v2) to the server',
      ['-H', 'Connection: close'],
      'connections',
      64,
      (peer) => portOf(peer, 'proxied'),
    ),
    needs: 'proxied',
  },
  'tls-connections': {
    title: 'New TLS connections, terminated by the proxy, no session resumed',
    rateUnit: 'connections/s',
    cpuUnit: 'ms/1000 connections',
    compares: 'rate',
    needs: 'tlsWeb',
    onRequest: true,
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const count = await connectionsOverTls(portOf(peer, 'tlsWeb'), 8, seconds);
        return { units: count / 1_000, rate: count / seconds, latency: undefined };
      }),
  },
  'tls-bulk': {
    title: 'Bulk, 1 TLS stream, terminated by the proxy',
    rateUnit: 'GB/s',
    cpuUnit: 'ms/GB',
    compares: 'rate',
    needs: 'tlsBulk',
    onRequest: true,
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const bytes = await bulkOverTls(portOf(peer, 'tlsBulk'), seconds);
        return { units: bytes / 1e9, rate: bytes / 1e9 / seconds, latency: undefined };
      }),
  },
  latency: {
    warmUp: fullLoad,
    title: `Latency at ${fixedRatePerSecond} requests/s`,
    rateUnit: 'requests/s',
    cpuUnit: 'ms/1000 requests',
    compares: 'p99',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const latency = await fixedRate(peer.http, fixedRatePerSecond, seconds);
        return { units: latency.count / 1_000, rate: latency.count / seconds, latency };
      }),
  },
  idle: {
    title: `Memory for ${idleConnections} idle connections`,
    rateUnit: 'connections',
    cpuUnit: 'ms/s',
    compares: 'memory',
    measure: measureIdle,
    // The warm-up opens fewer sessions: the row measures the memory that grows with their number.
    warmUp: (peer, seconds) => shortSessions.measure(peer, seconds),
  },
  mix: {
    warmUp: fullLoad,
    title: `Latency at ${fixedRatePerSecond / 2} requests/s beside bulk`,
    rateUnit: 'requests/s',
    cpuUnit: 'ms/1000 requests',
    compares: 'p99',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const stream = iperf(peer.bulk, 1, seconds + 1);
        const latency = await fixedRate(peer.http, fixedRatePerSecond / 2, seconds);
        await stream;
        return { units: latency.count / 1_000, rate: latency.count / seconds, latency };
      }),
  },
};

/** A warm-up at full load: at a low rate, a compiler takes minutes to warm up. */
function fullLoad(peer: Peer, seconds: number): Promise<Sample> {
  return keptAlive.measure(peer, seconds);
}

/** The peer's port of this kind, which only peers with such a port are asked for. */
function portOf(peer: Peer, kind: PortKind): number {
  const port = peer[kind];
  if (port === undefined) throw new Error(`${peer.name} has no port ${kind}`);
  return port;
}

interface Work {
  readonly units: number;
  readonly rate: number;
  readonly latency: Latency | undefined;
}

async function measured(peer: Peer, work: () => Promise<Work>): Promise<Sample> {
  const before = totalCpuMs(peer);
  const { units, rate, latency } = await work();
  const spentMs = totalCpuMs(peer) - before;
  return { rate, cpuPerUnit: units > 0 ? spentMs / units : 0, latency, rssKib: totalRssKib(peer) };
}

function bulk(streams: number): Row {
  return {
    title: `Bulk, ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
    rateUnit: 'GB/s',
    cpuUnit: 'ms/GB',
    compares: 'rate',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const bytes = await iperf(peer.bulk, streams, seconds);
        return { units: bytes / 1e9, rate: bytes / 1e9 / seconds, latency: undefined };
      }),
  };
}

const iperfSchema = z.object({ end: z.object({ sum_received: z.object({ bytes: z.number() }) }) });

/** The number of attempts: the iperf3 server runs one test at a time and needs a moment after each. */
const iperfTries = 5;

async function iperf(port: number, streams: number, seconds: number): Promise<number> {
  const args = ['-c', '127.0.0.1', '-p', String(port), '-P', String(streams), '-t', String(seconds), '-J'];
  for (let attempt = 1; ; attempt += 1) {
    try {
      const text = await output('iperf3', args, (seconds + 10) * 1_000);
      return iperfSchema.parse(JSON.parse(text)).end.sum_received.bytes;
    } catch (error) {
      if (attempt === iperfTries) throw error;
      await sleep(300);
    }
  }
}

function web(
  title: string,
  headers: readonly string[],
  unit: string,
  connections: number,
  port: (peer: Peer) => number = (peer) => peer.http,
): Row {
  return {
    title,
    rateUnit: `${unit}/s`,
    cpuUnit: `ms/1000 ${unit}`,
    compares: 'rate',
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...headers];
        const text = await output('wrk', [...flags, `http://127.0.0.1:${port(peer)}/`]);
        const count = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
        const latency = { count, p50Ms: percentile(text, 50), p99Ms: percentile(text, 99), p999Ms: undefined };
        return { units: count / 1_000, rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0), latency };
      }),
  };
}

/** A percentile in milliseconds from wrk's output, e.g. `99%    1.23ms`, with the units us, ms or s. */
function percentile(text: string, percent: number): number {
  const found = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text);
  const factor = { us: 0.001, ms: 1, s: 1_000 }[found?.[2] ?? 'ms'] ?? 1;
  return Number(found?.[1] ?? Number.NaN) * factor;
}

async function measureIdle(peer: Peer, seconds: number): Promise<Sample> {
  const rssBefore = totalRssKib(peer);
  const sockets: Socket[] = [];
  try {
    for (let batch = 0; batch < idleConnections; batch += 200) {
      sockets.push(...(await Promise.all(Array.from({ length: 200 }, () => greeted(peer.http)))));
    }
    const cpuBefore = totalCpuMs(peer);
    await sleep(seconds * 1_000);
    const spentMs = totalCpuMs(peer) - cpuBefore;
    return {
      rate: idleConnections,
      cpuPerUnit: spentMs / seconds,
      latency: undefined,
      rssKib: totalRssKib(peer) - rssBefore,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Opens a connection and waits for one answer, so that the upstream side is connected, too. */
async function greeted(port: number): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    // The handler stays, as an idle socket without one would throw; a late reject has no effect.
    socket.on('error', reject);
    // A proxy that is out of descriptors accepts connections and sends nothing, or closes them.
    socket.setTimeout(greetingMs, () => socket.destroy());
    socket.once('close', () => reject(new Error('ended without an answer')));
    socket.once('data', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.write('GET / HTTP/1.1\r\nHost: bench\r\n\r\n');
  });
}

function totalCpuMs({ pids }: Peer): number {
  return pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
}

function totalRssKib({ pids }: Peer): number {
  return pids.reduce((sum, pid) => sum + rssKib(pid), 0);
}
