import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../machine/command.ts';
import { daemon, untilAnswering } from './daemons.ts';
import { connectNamespace } from './network.ts';
import { engineVariable, networkOf, pause, untilEnded } from './processes.ts';
import { dockerRuntime, withoutSecondCgroups } from './runtime.ts';

/**
 * The machines of a private Swarm: each is a Docker engine in namespaces of its own.
 *
 *   this machine                    the machine's namespaces                        the switch's namespace
 *   169.254.x.y ◀── veth ──▶ 169.254.x.y+1    192.168.77.<N> ◀── veth ──▶ node<N>, a port of the bridge
 *                                     bridges, overlays ── containers
 *
 * The first process in a machine's namespace of processes is its engine. When that ends, in whatever way, the kernel ends
 * all others there, and with them go all mounts, devices, routes and packet filters. No route leads out of a machine.
 */
export const swarmMachine = z.object({
  /** From 1. */
  number: z.number(),
  /** The folder of the whole Swarm, and the cgroup of all its containers. */
  folder: z.string(),
  cgroup: z.string(),
  socket: z.string(),
  /** The process whose network namespace is the machine's. */
  pid: z.number(),
  /** The process whose network namespace is the switch's. */
  switchPid: z.number(),
  /** Where the other machines reach it. */
  nodeAddress: z.string(),
  /** Where programs on it are reached from here, and this end of the way there. */
  address: z.string(),
  here: z.string(),
  device: z.string(),
});

export type SwarmMachine = z.infer<typeof swarmMachine>;

/**
 * The engine writes to /run and /etc, which are its own here. Like a machine's, /run is empty at each start: the engine
 * would take any process for the daemon of its former run that had its number. People tell nodes apart by their host names.
 * A connection whose process has ended keeps the network for as long as its end is sent again to a machine that is off.
 */
const entrance = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/etc /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc,workdir=/run/work overlay /etc
printf %s "$1" > /run/daemon.json
shift
${withoutSecondCgroups}
hostname "$0"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/tcp_orphan_retries
exec "$@"`;

const ownNamespaces = [
  'unshare',
  ...['--net', '--mount', '--propagation', 'private', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'],
] as const;

/**
 * Starts the engine of a machine, which goes on with what it had stored when it ran before, and connects the machine.
 * Resolves once the engine answers.
 */
export async function switchOn(place: Omit<SwarmMachine, 'pid'>, signal: AbortSignal): Promise<SwarmMachine> {
  const { number, folder, cgroup, socket } = place;
  const engine = daemon(folder, nameOf(number), [
    ...ownNamespaces,
    ...['sh', '-c', entrance, nameOf(number), JSON.stringify(await dockerRuntime())],
    ...['dockerd', '--config-file=/run/daemon.json', '--pidfile=/run/docker.pid', `--host=unix://${socket}`],
    ...[`--data-root=${join(folder, String(number))}`, '--exec-root=/run/docker'],
    ...[`--cgroup-parent=${cgroup}`, '--exec-opt=native.cgroupdriver=cgroupfs'],
  ]);
  engine.unref();
  const machine = { ...place, pid: engine.pid ?? 0 };
  await untilInOwnNetwork(machine.pid, signal);
  // The engine of a node waits for the other nodes before it answers.
  await plugIn(machine);
  await untilAnswering(socket, engine, folder, nameOf(number), signal);
  return machine;
}

async function untilInOwnNetwork(pid: number, signal: AbortSignal): Promise<void> {
  while ((await networkOf(String(pid))) === (await networkOf('self'))) {
    signal.throwIfAborted();
    await pause(5);
  }
}

/** The machine's host name, and the name of its log. */
export function nameOf(number: number): string {
  return `node${number}`;
}

/**
 * Connects a machine with this one and with the switch. The devices of a former run are removed first: they outlive its
 * namespace by a moment.
 */
async function plugIn(machine: SwarmMachine): Promise<void> {
  const { number, pid, switchPid, nodeAddress, address, here, device } = machine;
  const port = nameOf(number);
  await run('ip', ['link', 'del', device]).catch(() => {});
  await runInNetwork(switchPid, 'ip', 'link', 'del', port).catch(() => {});
  await connectNamespace(pid, device, here, address);
  // The other machines remember the hardware address, so that it stays the same.
  const peer = ['peer', 'name', 'swarm', 'address', `02:00:00:00:77:${number.toString(16).padStart(2, '0')}`];
  await runInNetwork(switchPid, 'ip', 'link', 'add', port, 'type', 'veth', ...peer, 'netns', String(pid));
  await runInNetwork(switchPid, 'ip', 'link', 'set', port, 'master', bridge, 'up');
  await runInNetwork(pid, 'ip', 'address', 'add', `${nodeAddress}/24`, 'dev', 'swarm');
  await runInNetwork(pid, 'ip', 'link', 'set', 'swarm', 'up');
}

/** Takes a machine off the network of the Swarm. Programs on it are still reached from here. */
export async function cut({ number, switchPid }: SwarmMachine): Promise<void> {
  await runInNetwork(switchPid, 'ip', 'link', 'set', nameOf(number), 'down');
}

export async function heal({ number, switchPid }: SwarmMachine): Promise<void> {
  await runInNetwork(switchPid, 'ip', 'link', 'set', nameOf(number), 'up');
}

/**
 * Ends everything on a machine at once, as if its power failed. `switchOn` brings it back. Resolves once nothing runs there,
 * which may take some tenths of a second: the first process of a namespace ends after all others (pid_namespaces(7)).
 */
export async function kill({ pid }: SwarmMachine): Promise<void> {
  const [first] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ');
  process.kill(pid, 'SIGKILL');
  await untilEnded(Number(first));
}

/** The command that runs another one in the network of a machine. */
export function insideOf({ pid }: Pick<SwarmMachine, 'pid'>): readonly [program: string, ...args: string[]] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

function runInNetwork(pid: number, ...command: readonly string[]): Promise<string> {
  const [program, ...args] = insideOf({ pid });
  return run(program, [...args, ...command]);
}

const bridge = 'switch';

/** Starts a process whose network namespace is the switch of the machines. It is not a process of their engines. */
export function startSwitch(folder: string): ReturnType<typeof daemon> {
  const setUp = `ip link add ${bridge} type bridge && ip link set ${bridge} up && exec sleep infinity`;
  return daemon(folder, bridge, ['unshare', '--net', 'sh', '-c', setUp], { [engineVariable]: `${folder}/${bridge}` });
}

export async function untilSwitching(pid: number, signal: AbortSignal): Promise<void> {
  const isUp = (): Promise<boolean> =>
    runInNetwork(pid, 'ip', '-oneline', 'link', 'show', 'up', 'dev', bridge).then(
      (line) => line !== '',
      () => false,
    );
  while (!(await isUp())) {
    signal.throwIfAborted();
    await pause(10);
  }
}
