import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fixedRate } from './fixed-rate.ts';
import { bulkAfterHello, shortHellos } from './hello-load.ts';
import { treesCpuMs, treesRssMib } from './load.ts';
import type { Peer } from './peers.ts';
import type { PortKind } from './peers/recipe.ts';
import { output } from './processes.ts';
import type { Sample } from './recorded-run.ts';
import { bulkOverTls, connectionsOverTls } from './tls-load.ts';

/**
 * The rows of the comparison: the load that each puts on a peer for some seconds, and what it measures.
 */
export interface Row {
  readonly title: string;
  /** The units of `rate` and `cpu`. */
  readonly units: { readonly rate: string; readonly cpu: string };
  /** The ports that the peer is started with. Peers that can't serve them all are left out. */
  readonly ports: readonly PortKind[];
  /** `direct` has no process to measure. */
  readonly ofProcess?: true;
  /** Sealane watches an engine with ten containers. */
  readonly withEngine?: true;
  readonly measure: (peer: Peer, seconds: number) => Promise<Sample>;
  /** The load before the measurement. Default: the same load as measured. */
  readonly warmUp?: (peer: Peer, seconds: number) => Promise<unknown>;
  /** How long the load before the measurement lasts. Default: 2. */
  readonly warmUpSeconds?: number;
}

/**
 * Past all that a process does once in its life, in its first seconds. Five seconds after its start Sealane collects
 * garbage for 47 ms of processor time, while one in a hundred of the requests of three seconds is due.
 */
const pastStart = { warmUpSeconds: 6 };

const idleConnections = 4_000;
const fixedRatePerSecond = 2_000;
const greetingMs = 10_000;

const requests = { rate: 'requests/s', cpu: 'ms/1000 requests' };
const connections = { rate: 'connections/s', cpu: 'ms/1000 connections' };
const bytes = { rate: 'GB/s', cpu: 'ms/GB' };

const keptAlive = web('Requests on kept connections', requests, 'http');
const shortSessions = web('New connections', connections, 'http');

export const rows: Readonly<Record<string, Row>> = {
  'bulk-1': bulk('Bulk, 1 stream', 'bulk', (port, seconds) => iperf(port, 1, seconds)),
  'bulk-4': bulk('Bulk, 4 streams', 'bulk', (port, seconds) => iperf(port, 4, seconds)),
  'keep-alive': keptAlive,
  connections: shortSessions,
  'sni-bulk': bulk('Bulk, 1 stream, routed by TLS server name', 'named', bulkAfterHello),
  'sni-connections': {
    title: 'New connections, routed by TLS server name',
    units: connections,
    ports: ['named'],
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const { count, ...latency } = await shortHellos(peer.port('named'), 64, seconds);
        return { count: count / 1_000, rate: count / seconds, ...latency };
      }),
  },
  'proxy-v2': web('New connections, with a PROXY header (v2) to the server', connections, 'proxied'),
  'tls-connections': {
    title: 'New TLS connections, ended by the proxy, no session resumed',
    units: connections,
    ports: ['tlsWeb'],
    ...pastStart,
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const count = await connectionsOverTls(peer.port('tlsWeb'), 8, seconds);
        return { count: count / 1_000, rate: count / seconds };
      }),
  },
  'tls-bulk': bulk('Bulk, 1 TLS stream, ended by the proxy', 'tlsBulk', bulkOverTls),
  latency: {
    title: `${fixedRatePerSecond.toLocaleString('en')} requests/s`,
    units: requests,
    ports: ['http'],
    warmUp: fullLoad,
    ...pastStart,
    measure: (peer, seconds) => measured(peer, () => paced(peer, fixedRatePerSecond, seconds)),
  },
  mix: {
    title: `${(fixedRatePerSecond / 2).toLocaleString('en')} requests/s beside a bulk stream`,
    units: requests,
    ports: ['http', 'bulk'],
    warmUp: fullLoad,
    ...pastStart,
    measure: (peer, seconds) =>
      measured(peer, async () => {
        // The stream begins before the requests and ends after them.
        const streamed = seconds + 1;
        const stream = iperf(peer.port('bulk'), 1, streamed);
        const work = await paced(peer, fixedRatePerSecond / 2, seconds);
        return { ...work, bulkRate: (await stream) / 1e9 / streamed };
      }),
  },
  resident: {
    title: 'Memory of an idle process; Sealane watches 10 containers',
    units: requests,
    ports: ['http'],
    ofProcess: true,
    withEngine: true,
    // A process that has just started holds what its start took.
    warmUp: (_peer, seconds) => sleep(seconds * 1_000),
    ...pastStart,
    measure: async (peer, seconds) => {
      await sleep(seconds * 1_000);
      return { rssMib: treesRssMib(peer.pids) };
    },
  },
  idle: {
    title: `Growth of memory by ${idleConnections.toLocaleString('en')} idle connections`,
    units: { rate: '', cpu: 'ms/s' },
    ports: ['http'],
    ofProcess: true,
    measure: measureIdle,
    // The warm-up opens fewer sessions: the row measures the memory that grows with their number.
    warmUp: (peer, seconds) => shortSessions.measure(peer, seconds),
  },
};

/** A warm-up at full load: at a low rate, a compiler takes minutes to warm up. */
function fullLoad(peer: Peer, seconds: number): Promise<Sample> {
  return keptAlive.measure(peer, seconds);
}

/** What was done, how often, and measures other than those of the process. */
type Work = Omit<Sample, 'cpu' | 'rssMib'> & { readonly count: number };

async function measured({ pids }: Peer, work: () => Promise<Work>): Promise<Sample> {
  const before = treesCpuMs(pids);
  const { count, ...sample } = await work();
  if (!(count > 0)) throw new Error('nothing was relayed');
  if (pids.length === 0) return sample;
  return { ...sample, cpu: (treesCpuMs(pids) - before) / count };
}

/** Requests at a fixed rate. Fewer than were due were answered where the peer stalls or breaks connections. */
async function paced(peer: Peer, perSecond: number, seconds: number): Promise<Work> {
  const { count, ...latency } = await fixedRate(peer.port('http'), perSecond, seconds);
  return { count: count / 1_000, rate: count / seconds, ...latency };
}

/** A row of streams, which `relay` runs for some seconds; it resolves with the number of bytes that arrived. */
function bulk(title: string, port: PortKind, relay: (port: number, seconds: number) => Promise<number>): Row {
  return {
    ...{ title, units: bytes, ports: [port] },
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const gigabytes = (await relay(peer.port(port), seconds)) / 1e9;
        return { count: gigabytes, rate: gigabytes / seconds };
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

/** A row of requests by wrk from 64 clients, each on a new connection where the row counts connections. */
function web(title: string, units: Row['units'], port: PortKind): Row {
  const headers = units === connections ? ['-H', 'Connection: close'] : [];
  return {
    ...{ title, units, ports: [port], ...pastStart },
    measure: (peer, seconds) =>
      measured(peer, async () => {
        const flags = ['-t1', '-c64', `-d${seconds}s`, '--latency', ...headers];
        const text = await output('wrk', [...flags, `http://127.0.0.1:${peer.port(port)}/`]);
        const count = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
        const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
        return { count: count / 1_000, rate, p50Ms: percentile(text, 50), p99Ms: percentile(text, 99) };
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
  const { pids } = peer;
  const rssBefore = treesRssMib(pids);
  const sockets: Socket[] = [];
  try {
    for (let batch = 0; batch < idleConnections; batch += 200) {
      sockets.push(...(await Promise.all(Array.from({ length: 200 }, () => greeted(peer.port('http'))))));
    }
    const cpuBefore = treesCpuMs(pids);
    await sleep(seconds * 1_000);
    return { cpu: (treesCpuMs(pids) - cpuBefore) / seconds, rssMib: treesRssMib(pids) - rssBefore };
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
