import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { dockerProcesses, mountsBeneath, untilEnded } from '../../dev/engine/processes.ts';
import {
  cut,
  heal,
  insideOf,
  kill,
  swarmMachine,
  switchOn,
  type SwarmMachine,
} from '../../dev/engine/swarm-machine.ts';
import { run } from '../../dev/machine/command.ts';
import { countLines, exists, holdEngine } from '../support/engine/held-engine.ts';
import { startService } from '../support/swarm/swarm-service.ts';
import { equip, machineOf } from '../support/swarm/test-swarm.ts';

/**
 * However the process that acquired a private Swarm ends, nothing of it is left on the machine.
 */
const tracesSchema = z.object({ machines: z.array(swarmMachine), pid: z.number() });
type Traces = z.infer<typeof tracesSchema>;

it.each([
  ['is killed', (holder: ChildProcess) => holder.kill('SIGKILL'), asTheyAre],
  [
    'releases it, and one of its nodes was killed and switched on again',
    (holder: ChildProcess) => holder.stdin?.end('release\n'),
    powerCycled,
  ],
])('a private Swarm is removed without a trace when its holder %s, even with tasks', async (_, end, prepared) => {
  const { holder, traces } = await holdEngine('swarm', tracesSchema);
  const service = await startService(await equip(traces.machines), { replicas: 'global' });
  await service.settled(2);
  const networks = await networksOf(await prepared(traces.machines));
  const found = await left(traces, networks);
  // On each machine: unshare, the engine and its containerd. On the first one also a shim, and two processes of the task.
  expect(found.processes).toBeGreaterThanOrEqual(9);
  // The switch and the machines; on the first one also those of two overlays with their VXLAN devices, and of the task.
  expect(found.networks).toBeGreaterThanOrEqual(6);
  expect(found.cgroups).toBeGreaterThan(0);
  expect(found).toMatchObject({ devices: 2, folder: true, supervisor: true });
  end(holder);
  await untilEnded(traces.pid);
  await vi.waitFor(async () => expect(await left(traces, networks)).toEqual(nothing), {
    timeout: 30_000,
    interval: 100,
  });
});

async function asTheyAre(machines: readonly SwarmMachine[]): Promise<readonly SwarmMachine[]> {
  return machines;
}

/** Ends one of the machines. Resolves with all of them once its engine answers again. */
async function powerCycled(machines: readonly SwarmMachine[]): Promise<readonly SwarmMachine[]> {
  const [manager, worker] = machines;
  if (manager === undefined || worker === undefined) throw new Error('the Swarm has two nodes');
  await kill(worker);
  return [manager, await switchOn(worker, AbortSignal.timeout(30_000))];
}

it('a node that is cut off is reached from here, but not by the others, until it is healed', async () => {
  const swarm = inject('swarm');
  const [first, second] = [machineOf(swarm, 1), machineOf(swarm, 2)];
  expect(await answersPing(first, second.nodeAddress)).toBe(true);
  await cut(second);
  try {
    expect(await answersPing(first, second.nodeAddress)).toBe(false);
    expect(await answersPing(undefined, second.address)).toBe(true);
  } finally {
    await heal(second);
  }
  await vi.waitFor(async () => expect(await answersPing(first, second.nodeAddress)).toBe(true), { timeout: 10_000 });
});

it('no route leads out of a node', async () => {
  const [program, ...args] = insideOf(machineOf(inject('swarm'), 1));
  for (const address of ['10.0.0.1', '8.8.8.8', '192.0.2.1']) {
    await expect(run(program, [...args, 'ip', 'route', 'get', address])).rejects.toThrow(/unreachable/);
  }
});

/** `from`: the machine that asks. Undefined: this one. */
async function answersPing(from: SwarmMachine | undefined, address: string): Promise<boolean> {
  const [program, ...args] = [...(from ? insideOf(from) : ['env']), 'busybox', 'ping', '-c', '1', '-W', '1', address];
  return run(program, args).then(
    () => true,
    () => false,
  );
}

const nothing = { processes: 0, devices: 0, networks: 0, mounts: 0, cgroups: 0, folder: false, supervisor: false };

/** Counts what is left of a Swarm on the machine: of its network namespaces, those of a process or a mount. */
async function left({ machines, pid }: Traces, networks: ReadonlySet<string>): Promise<typeof nothing> {
  const { folder, cgroup } = machineOf({ machines }, 1);
  const devices = machines.map(({ device }) => device);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const seen = new Set((await Promise.all(pids.map(networksSeenBy))).flat());
  return {
    processes: (await dockerProcesses(folder, cgroup)).length,
    devices: countLines(await run('ip', ['-oneline', 'link', 'show']), ...devices),
    networks: networks.intersection(seen).size,
    mounts: (await mountsBeneath(folder)).length,
    cgroups: countLines(await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', cgroup.slice(1)]), cgroup),
    folder: await exists(folder),
    supervisor: await exists(`/proc/${pid}`),
  };
}

/** The network namespaces of the machines, their overlays and their containers, and of the switch. */
async function networksOf(machines: readonly SwarmMachine[]): Promise<Set<string>> {
  const pids = machines.flatMap(({ pid, switchPid }) => [String(pid), String(switchPid)]);
  const networks = new Set((await Promise.all(pids.map(networksSeenBy))).flat());
  for (const network of await networksSeenBy('self')) networks.delete(network);
  return networks;
}

/** The network namespaces that a process is in or sees mounted (namespaces(7)). */
async function networksSeenBy(pid: string): Promise<string[]> {
  const own = await readlink(`/proc/${pid}/ns/net`).catch(() => '');
  const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
  return [own, ...(mounts.match(/net:\[\d+\]/g) ?? [])].filter((network) => network !== '');
}
