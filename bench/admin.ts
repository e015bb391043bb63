import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/sockets/free-port.ts';
import { tempFolder } from '../test/support/temp-folder.ts';
import type { SubscriberStatus } from './admin/subscribers.ts';
import { startEcho, timeSessions, type Latency } from './admin/sessions.ts';
import { firstPort } from './control/first-port.ts';
import { startEngine, type SimulatedEngine } from './control/simulated-engine.ts';
import { cpuMs, rssKib, start, threadCpuMs } from './relay/processes.ts';

/**
 * `npm run bench:admin`: the cost of the admin API with a thousand services: the time of its answers, and what fifty
 * subscribers to the event stream, one of which never reads, cost in memory and in latency of the relay's clients.
 */
const { values: flags } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    replicas: { type: 'string', default: '5' },
    subscribers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const executable = new URL('../dist/main.js', import.meta.url).pathname;
const services = Number(flags.services);
const replicas = Number(flags.replicas);
const subscribers = Number(flags.subscribers);
const phaseMs = Number(flags.seconds) * 1_000;
/** The pause between two restarts of containers, which keep the event stream busy. */
const eventGapMs = 50;
/** The number of requests that are not measured: the code is compiled meanwhile. */
const warmUp = 10;
const measuredRequests = 20;

interface RequestCost {
  readonly path: string;
  readonly kib: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** CPU time of all of Sealane's threads for each answer: steadier than elapsed time on a busy machine. */
  readonly cpuMs: number;
}

interface Phase extends Latency {
  readonly subscribers: number;
  /** CPU use of all threads, in percent of one core. */
  readonly cpuPercent: number;
  /** CPU time of the relay thread for each session. */
  readonly relayCpuUs: number;
  readonly rssMib: number;
}

await using folder = await tempFolder();
await using echo = await startEcho();
await using engine = await startEngine({ containers: services * replicas, replicas, firstPort });
const [port, admin] = [await freePort(), await freePort()];
const config = await folder.write(
  'sealane.yaml',
  `services: { echo: { listen: '127.0.0.1:${port}', upstreams: ['127.0.0.1:${echo.port}'] } }\n`,
);
const args = [
  'run',
  '--docker',
  engine.url,
  '--config',
  config,
  '--admin',
  `127.0.0.1:${admin}`,
  '--bind',
  '127.0.0.1',
];
await using sealane = start(process.execPath, [executable, ...args, '--log-level', 'warn', '--access-log', 'off']);
await ready();

const requests: RequestCost[] = [];
for (const path of ['/api/services', '/api/services/service-7', '/api/why/service-7', '/api/problems', '/metrics']) {
  requests.push(await measureRequest(path));
}
const phases: Phase[] = [];
// The phases alternate, so that other work on the machine affects both kinds alike.
for (let round = 0; round < Number(flags.rounds); round += 1) {
  phases.push(await phase(0), await phase(subscribers));
}
print();
if (flags.json !== undefined)
  await writeFile(flags.json, `${JSON.stringify({ services, replicas, requests, phases }, undefined, 2)}\n`);

async function measureRequest(path: string): Promise<RequestCost> {
  const times: number[] = [];
  let size = 0;
  let cpuBefore = 0;
  for (let round = 0; round < warmUp + measuredRequests; round += 1) {
    if (round === warmUp) cpuBefore = cpuMs(sealane.pid);
    const beganMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${admin}${path}`);
    size = (await response.arrayBuffer()).byteLength;
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    if (round >= warmUp) times.push(performance.now() - beganMs);
  }
  const cpu = (cpuMs(sealane.pid) - cpuBefore) / measuredRequests;
  times.sort((a, b) => a - b);
  return { path, kib: size / 1_024, medianMs: times[times.length >> 1] ?? 0, worstMs: times.at(-1) ?? 0, cpuMs: cpu };
}

/** Measures the relay while `count` subscribers follow the event stream, the last of which never reads. */
async function phase(count: number): Promise<Phase> {
  process.stderr.write(`[bench] ${count} subscribers\n`);
  const child = fork(new URL('admin/subscribers.ts', import.meta.url), [admin, count].map(String));
  const storm = restartOften(engine);
  const [cpuBefore, relayBefore] = [cpuMs(sealane.pid), threadCpuMs(sealane.pid, 'relay-0')];
  const latency = await timeSessions(port, phaseMs);
  const cpuPercent = ((cpuMs(sealane.pid) - cpuBefore) / phaseMs) * 100;
  const relayCpuUs = ((threadCpuMs(sealane.pid, 'relay-0') - relayBefore) * 1_000) / latency.sessions;
  storm.abort();
  const { open, bytes } = await statusOf(child);
  process.stderr.write(`[bench] ${open} still connected, ${(bytes / 2 ** 20).toFixed(0)} MiB read
`);
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
  return { ...latency, subscribers: count, cpuPercent, relayCpuUs, rssMib: rssKib(sealane.pid) / 1_024 };
}

async function statusOf(child: ChildProcess): Promise<SubscriberStatus> {
  const answer = once(child, 'message') as Promise<[SubscriberStatus]>;
  child.send('status');
  const [status] = await answer;
  return status;
}

function restartOften(simulated: SimulatedEngine): AbortController {
  const ending = new AbortController();
  let index = 0;
  const timer = setInterval(() => simulated.restart((index += 7)), eventGapMs);
  ending.signal.addEventListener('abort', () => clearInterval(timer));
  return ending;
}

async function ready(): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) break;
    await sleep(50);
  }
  // The listeners open after the first table: the benchmark begins once the CPU is idle.
  for (let before = -1, now = cpuMs(sealane.pid); before !== now; now = cpuMs(sealane.pid)) {
    before = now;
    await sleep(500);
  }
}

function print(): void {
  const rows = [
    ['path', 'KiB', 'median ms', 'worst ms', 'CPU ms'],
    ...requests.map((one) => [
      one.path,
      one.kib.toFixed(0),
      one.medianMs.toFixed(1),
      one.worstMs.toFixed(1),
      one.cpuMs.toFixed(1),
    ]),
    [],
    ['subscribers', 'sessions', 'p50 ms', 'p99 ms', 'CPU %', 'relay µs', 'RSS MiB'],
    ...phases.map((one) => [
      String(one.subscribers),
      String(one.sessions),
      one.p50Ms.toFixed(2),
      one.p99Ms.toFixed(2),
      one.cpuPercent.toFixed(0),
      one.relayCpuUs.toFixed(0),
      one.rssMib.toFixed(0),
    ]),
  ];
  for (const row of rows)
    process.stdout.write(
      `${row.map((cell, column) => (column === 0 ? cell.padEnd(26) : cell.padStart(10))).join('')}\n`,
    );
}
