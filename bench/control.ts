import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { toChart, type Panel } from './control/chart.ts';
import { firstPort } from './control/first-port.ts';
import { startEngine, type SimulatedEngine } from './control/simulated-engine.ts';
import { freePort } from '../test/support/sockets/free-port.ts';
import { cpuMs, rssKib, start } from './relay/processes.ts';

/**
 * `npm run bench:control`: the cost of many containers on Sealane's control side: time and CPU to the first table, CPU
 * and engine calls for each event (a container ends, a container starts), and memory; on one engine, or spread over several
 * (`--engines 1,4`).
 */
const { values: flags } = parseArgs({
  options: {
    containers: { type: 'string', default: '10,100,1000,5000,10000' },
    engines: { type: 'string', default: '1' },
    events: { type: 'string', default: '400' },
    json: { type: 'string' },
    chart: { type: 'string' },
  },
});
const executable = new URL('../dist/main.js', import.meta.url).pathname;
/** The pause between events: that of a real engine under load, long enough that events do not coalesce into one run. */
const eventGapMs = 15;

interface Figures {
  readonly containers: number;
  readonly engines: number;
  readonly firstTableMs: number;
  readonly firstTableCpuMs: number;
  readonly cpuMsPerEvent: number;
  readonly inspectsPerEvent: number;
  readonly listsPerEvent: number;
  readonly rssMib: number;
}

const results: Figures[] = [];
for (const count of flags.containers.split(',').map(Number)) {
  for (const engines of flags.engines.split(',').map(Number)) {
    process.stderr.write(`[bench] ${count} containers, ${engines} engine(s)\n`);
    results.push(await measure({ count, engines }, Number(flags.events)));
  }
}
print(results);
if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);
if (flags.chart !== undefined)
  await writeFile(flags.chart, toChart(panels(ofFirst(results)), 'What many containers cost'));

async function measure({ count, engines: many }: { count: number; engines: number }, events: number): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const engines = await startEngines(stack, count, many);
  const admin = await freePort();
  const beganMs = performance.now();
  const watched = engines.flatMap(({ url }, index) => ['--docker', many === 1 ? url : `engine${index}=${url}`]);
  const args = ['run', ...watched, '--admin', `127.0.0.1:${admin}`, '--log-level', 'warn'];
  await using sealane = start(process.execPath, [executable, ...args, '--access-log', 'off', '--bind', '127.0.0.1']);
  await ready(admin);
  const firstTableMs = performance.now() - beganMs;
  const firstTableCpuMs = cpuMs(sealane.pid);
  // The listeners open after the first table; the events begin once the CPU is idle.
  await settled(sealane.pid);
  const callsBefore = await callsOf(engines);
  const cpuBefore = cpuMs(sealane.pid);
  for (let index = 0; index < events / 2; index += 1) {
    // The containers of an engine are neighbours.
    const meant = (index * 7) % count;
    const on = Math.floor((meant * many) / count);
    engines[on]?.restart(meant - firstOf(on, count, many));
    await sleep(eventGapMs);
  }
  await settled(sealane.pid);
  const calls = await callsOf(engines);
  return {
    containers: count,
    engines: many,
    firstTableMs,
    firstTableCpuMs,
    cpuMsPerEvent: (cpuMs(sealane.pid) - cpuBefore) / events,
    inspectsPerEvent: (calls.inspects - callsBefore.inspects) / events,
    listsPerEvent: (calls.lists - callsBefore.lists) / events,
    rssMib: rssKib(sealane.pid) / 1024,
  };
}

async function startEngines(stack: AsyncDisposableStack, count: number, many: number): Promise<SimulatedEngine[]> {
  const engines: SimulatedEngine[] = [];
  for (let index = 0; index < many; index += 1) {
    const first = firstOf(index, count, many);
    const containers = firstOf(index + 1, count, many) - first;
    engines.push(stack.use(await startEngine({ containers, first, replicas: 10, firstPort })));
  }
  return engines;
}

/** The number of the first container of an engine. */
function firstOf(engine: number, count: number, many: number): number {
  return Math.ceil((engine * count) / many);
}

async function callsOf(engines: readonly SimulatedEngine[]): Promise<{ lists: number; inspects: number }> {
  const all = await Promise.all(engines.map((one) => one.calls()));
  return {
    lists: all.reduce((sum, { lists }) => sum + lists, 0),
    inspects: all.reduce((sum, { inspects }) => sum + inspects, 0),
  };
}

async function ready(admin: number): Promise<void> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await sleep(5);
  }
}

/** The chart shows one number of engines: the first that was asked for. */
function ofFirst(all: readonly Figures[]): readonly Figures[] {
  return all.filter(({ engines }) => engines === all[0]?.engines);
}

function panels(all: readonly Figures[]): Panel[] {
  const panelOf = (title: string, value: (one: Figures) => number): Panel => ({
    title,
    points: all.map((one) => ({ containers: one.containers, value: value(one) })),
  });
  return [
    panelOf('ms to the first table', (one) => one.firstTableMs),
    panelOf('CPU ms for each event', (one) => one.cpuMsPerEvent),
    panelOf('MiB resident', (one) => one.rssMib),
  ];
}

/** Resolves when a process has used no CPU for half a second. */
async function settled(pid: number): Promise<void> {
  for (let before = -1, now = cpuMs(pid); before !== now; now = cpuMs(pid)) {
    before = now;
    await sleep(500);
  }
}

function print(all: readonly Figures[]): void {
  const header = [
    'containers',
    'engines',
    'first table ms',
    'CPU ms',
    'CPU ms/event',
    'inspects/event',
    'lists/event',
    'RSS MiB',
  ];
  const lines = all.map((one) => [
    String(one.containers),
    String(one.engines),
    one.firstTableMs.toFixed(0),
    one.firstTableCpuMs.toFixed(0),
    one.cpuMsPerEvent.toFixed(2),
    one.inspectsPerEvent.toFixed(2),
    one.listsPerEvent.toFixed(2),
    one.rssMib.toFixed(0),
  ]);
  for (const line of [header, ...lines]) {
    process.stdout.write(`${line.map((cell, column) => cell.padStart(header[column]?.length ?? 0)).join('  ')}\n`);
  }
}
