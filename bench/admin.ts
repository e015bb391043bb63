import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/sockets/free-port.ts';
import { tempFolder } from '../test/support/temp-folder.ts';
import type { Standing } from './admin/subscribers.ts';
import { startEcho, timeSessions, type Latency } from './admin/sessions.ts';
import { startEngine, type SimulatedEngine } from './control/simulated-engine.ts';
import { cpuMs, rssKib, start, threadCpuMs } from './relay/processes.ts';

/**
 * `npm run bench:admin`: what being looked at costs, with a thousand services: how long the API takes to tell of them, and
 * what fifty followers of the event stream, one of which never reads, cost the relay's clients and the memory.
 */
const { values: flags } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    replicas: { type: 'string', default: '5' },
    listeners: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const executable = new URL('../dist/main.js', import.meta.url).pathname;
const [services, replicas, listeners] = [Number(flags.services), Number(flags.replicas), Number(flags.listeners)];
const phaseMs = Number(flags.seconds) * 1_000;
/** Containers end and start again all the while, so that there is something to tell. */
const eventGapMs = 50;
/** While the first few are answered, the code is compiled. */
const warmUp = 10;
const askings = 20;

interface Asked {
  readonly path: string;
  readonly kib: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Of all of Sealane's threads, for each answer: steadier than time on a machine that does other things, too. */
  readonly cpuMs: number;
}

interface Phase extends Latency {
  readonly followers: number;
  /** Of all threads, in percent of one core. */
  readonly cpuPercent: number;
  /** Of the relay's thread, for each session. */
  readonly relayCpuUs: number;
  readonly rssMib: number;
}

await using folder = await tempFolder();
await using echo = await startEcho();
await using engine = await startEngine({ containers: services * replicas, replicas, firstPort: 20_000 });
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

const asked: Asked[] = [];
for (const path of ['/api/services', '/api/services/service-7', '/api/why/service-7', '/api/problems', '/metrics']) {
  asked.push(await ask(path));
}
const phases: Phase[] = [];
// Alternately, so that a machine that is busy with something else is so for both.
for (let round = 0; round < Number(flags.rounds); round += 1) {
  phases.push(await phase(0), await phase(listeners));
}
print();
if (flags.json !== undefined)
  await writeFile(flags.json, `${JSON.stringify({ services, replicas, asked, phases }, undefined, 2)}\n`);

async function ask(path: string): Promise<Asked> {
  const times: number[] = [];
  let size = 0;
  let cpuBefore = 0;
  for (let round = 0; round < warmUp + askings; round += 1) {
    if (round === warmUp) cpuBefore = cpuMs(sealane.pid);
    const beganMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${admin}${path}`);
    size = (await response.arrayBuffer()).byteLength;
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    if (round >= warmUp) times.push(performance.now() - beganMs);
  }
  const cpu = (cpuMs(sealane.pid) - cpuBefore) / askings;
  times.sort((a, b) => a - b);
  return { path, kib: size / 1_024, medianMs: times[times.length >> 1] ?? 0, worstMs: times.at(-1) ?? 0, cpuMs: cpu };
}

/** So many follow, the last of them never reads. */
async function phase(followers: number): Promise<Phase> {
  process.stderr.write(`[bench] ${followers} followers\n`);
  const following = fork(new URL('admin/listeners.ts', import.meta.url), [admin, followers].map(String));
  const storm = restartOften(engine);
  const [cpuBefore, relayBefore] = [cpuMs(sealane.pid), threadCpuMs(sealane.pid, 'relay-0')];
  const latency = await timeSessions(port, phaseMs);
  const cpuPercent = ((cpuMs(sealane.pid) - cpuBefore) / phaseMs) * 100;
  const relayCpuUs = ((threadCpuMs(sealane.pid, 'relay-0') - relayBefore) * 1_000) / latency.sessions;
  storm.abort();
  const { open, bytes } = await standingOf(following);
  process.stderr.write(`[bench] ${open} still there, ${(bytes / 2 ** 20).toFixed(0)} MiB read
`);
  const gone = once(following, 'exit');
  following.disconnect();
  await gone;
  return { ...latency, followers, cpuPercent, relayCpuUs, rssMib: rssKib(sealane.pid) / 1_024 };
}

async function standingOf(following: ChildProcess): Promise<Standing> {
  const told = once(following, 'message') as Promise<[Standing]>;
  following.send('how is it?');
  const [standing] = await told;
  return standing;
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
  // Its listeners are opened after the first table.
  for (let before = -1, now = cpuMs(sealane.pid); before !== now; now = cpuMs(sealane.pid)) {
    before = now;
    await sleep(500);
  }
}

function print(): void {
  const rows = [
    ['path', 'KiB', 'median ms', 'worst ms', 'CPU ms'],
    ...asked.map((one) => [
      one.path,
      one.kib.toFixed(0),
      one.medianMs.toFixed(1),
      one.worstMs.toFixed(1),
      one.cpuMs.toFixed(1),
    ]),
    [],
    ['followers', 'sessions', 'p50 ms', 'p99 ms', 'CPU %', 'relay µs', 'RSS MiB'],
    ...phases.map((one) => [
      String(one.followers),
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
