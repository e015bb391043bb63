import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { freePort } from '../test/support/sockets/free-port.ts';
import { firstPort } from './control/first-port.ts';
import { cpuMs, rssKib, start } from './relay/processes.ts';
import { followTimeline, type Timeline } from './swarm/timeline.ts';
import { startManager, type SimulatedManager, type SwarmSize } from './swarm/simulated-manager.ts';

/**
 * `npm run bench:swarm`: what a Swarm costs Sealane on one of its managers, which a fake stands in for: time and CPU to the
 * first table, CPU and calls at rest and for each change of a service, and how long after the manager's word a new task
 * is in the table and one that is to end is out.
 */
const { values: flags } = parseArgs({
  options: {
    services: { type: 'string', default: '10,100,1000' },
    /** How many of the services have labels; all of them unless given. */
    labelled: { type: 'string' },
    replicas: { type: 'string', default: '10' },
    nodes: { type: 'string', default: '100' },
    changes: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
    json: { type: 'string' },
  },
});
const statusSchema = z.object({ services: z.object({ up: z.number() }) });
const executable = new URL('../dist/main.js', import.meta.url).pathname;

interface Figures {
  readonly services: number;
  readonly labelled: number;
  readonly tasks: number;
  readonly firstTableMs: number;
  readonly firstTableCpuMs: number;
  /** At rest, for each second. */
  readonly restCpuMs: number;
  readonly restTaskCalls: number;
  readonly restKib: number;
  /** For each change, beyond what rest costs. */
  readonly changeCpuMs: number;
  readonly changeTaskCalls: number;
  readonly changeKib: number;
  /** From the manager's word to the table: the median and the longest. */
  readonly inMs: readonly [median?: number, worst?: number];
  readonly outMs: readonly [median?: number, worst?: number];
  readonly rssMib: number;
}

const results: Figures[] = [];
for (const services of flags.services.split(',').map(Number)) {
  const labelled = Math.min(services, Number(flags.labelled ?? services));
  const size = { services, labelled, replicas: Number(flags.replicas), nodes: Number(flags.nodes), firstPort };
  process.stderr.write(`[bench] ${services} services, ${labelled} of them labelled\n`);
  results.push(await measure(size));
}
print(results);
if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);

async function measure(size: SwarmSize): Promise<Figures> {
  await using manager = await startManager(size);
  const admin = await freePort();
  const beganMs = performance.now();
  const args = ['run', '--docker', manager.url, '--admin', `127.0.0.1:${admin}`, '--bind', '127.0.0.1'];
  const quiet = ['--log-level', 'warn', '--access-log', 'off'];
  await using sealane = start(process.execPath, [executable, ...args, ...quiet]);
  await upServices(admin, size.labelled);
  const firstTableMs = performance.now() - beganMs;
  const firstTableCpuMs = cpuMs(sealane.pid);
  await using timeline = await followTimeline(admin);
  await sleep(3_000);
  const rest = await cost(manager, sealane.pid, () => sleep(Number(flags.seconds) * 1_000));
  // Of services without labels nothing is seen.
  const changes = size.labelled === 0 ? 0 : Number(flags.changes);
  const lags = { in: [] as number[], out: [] as number[] };
  const changed = await cost(manager, sealane.pid, () => change(manager, timeline, size, changes, lags));
  const beyondRest = (whole: number, each: number): number => (whole - each * changed.seconds) / Math.max(1, changes);
  return {
    services: size.services,
    labelled: size.labelled,
    tasks: size.services * size.replicas,
    firstTableMs,
    firstTableCpuMs,
    restCpuMs: rest.cpuMs / rest.seconds,
    restTaskCalls: rest.taskCalls / rest.seconds,
    restKib: rest.kib / rest.seconds,
    changeCpuMs: beyondRest(changed.cpuMs, rest.cpuMs / rest.seconds),
    changeTaskCalls: beyondRest(changed.taskCalls, rest.taskCalls / rest.seconds),
    changeKib: beyondRest(changed.kib, rest.kib / rest.seconds),
    inMs: medianAndWorst(lags.in),
    outMs: medianAndWorst(lags.out),
    rssMib: rssKib(sealane.pid) / 1024,
  };
}

/** Scales services up and down again, one after the other. */
async function change(
  manager: SimulatedManager,
  timeline: Timeline,
  { labelled }: SwarmSize,
  changes: number,
  lags: { readonly in: number[]; readonly out: number[] },
): Promise<void> {
  for (let index = 0; index < changes; index += 1) {
    const isUp = index % 2 === 0;
    const service = ((index >> 1) * 7) % labelled;
    const seen = timeline.next(`shop/service-${service}`);
    const saidAtMs = await manager.scale(service, isUp ? 1 : -1);
    lags[isUp ? 'in' : 'out'].push((await seen) - saidAtMs);
  }
}

interface Cost {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly taskCalls: number;
  readonly kib: number;
}

async function cost(manager: SimulatedManager, pid: number, work: () => Promise<unknown>): Promise<Cost> {
  const [beganMs, cpuBefore, before] = [performance.now(), cpuMs(pid), await manager.calls()];
  await work();
  const after = await manager.calls();
  return {
    seconds: (performance.now() - beganMs) / 1_000,
    cpuMs: cpuMs(pid) - cpuBefore,
    taskCalls: after.tasks - before.tasks,
    kib: (after.bytes - before.bytes) / 1024,
  };
}

/** Waits until so many services are up. Most have no task on the manager's own node: the others' are known then. */
async function upServices(admin: number, wanted: number): Promise<void> {
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    await ready?.arrayBuffer();
    const answer = ready?.ok ? await fetch(`http://127.0.0.1:${admin}/api/status`).catch(() => undefined) : undefined;
    const status = statusSchema.safeParse(await answer?.json());
    if (status.success && status.data.services.up >= wanted) return;
    await sleep(20);
  }
}

function medianAndWorst(values: readonly number[]): [median?: number, worst?: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return median === undefined || worst === undefined ? [] : [median, worst];
}

function print(all: readonly Figures[]): void {
  const columns: readonly (readonly [string, (one: Figures) => string])[] = [
    ['services', (one) => String(one.services)],
    ['labelled', (one) => String(one.labelled)],
    ['tasks', (one) => String(one.tasks)],
    ['first table ms', (one) => one.firstTableMs.toFixed(0)],
    ['CPU ms', (one) => one.firstTableCpuMs.toFixed(0)],
    ['rest: CPU ms/s', (one) => one.restCpuMs.toFixed(1)],
    ['/tasks/s', (one) => one.restTaskCalls.toFixed(2)],
    ['KiB/s', (one) => one.restKib.toFixed(0)],
    ['change: CPU ms', (one) => one.changeCpuMs.toFixed(0)],
    ['/tasks', (one) => one.changeTaskCalls.toFixed(1)],
    ['KiB', (one) => one.changeKib.toFixed(0)],
    ['in ms', (one) => one.inMs.map((ms) => ms?.toFixed(0) ?? '').join(' ')],
    ['out ms', (one) => one.outMs.map((ms) => ms?.toFixed(0) ?? '').join(' ')],
    ['RSS MiB', (one) => one.rssMib.toFixed(0)],
  ];
  const rows = [columns.map(([title]) => title), ...all.map((one) => columns.map(([, value]) => value(one)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    process.stdout.write(`${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`);
  }
}
