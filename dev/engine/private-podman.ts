import { glob, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, which } from '../machine/command.ts';
import { installMissing } from '../machine/packages.ts';
import { daemon, killContainers, stopDaemon, untilAnswering } from './daemons.ts';
import { parentOfDataFolder } from './data-folder.ts';
import type { StartOptions } from './private-engine.ts';
import { killProcessesOf, removeCgroups, removeUnusedCgroup } from './processes.ts';

/**
 * Starts a rootful Podman behind its Docker API, with everything of it in one temporary folder and in namespaces of its
 * own, and removes it completely. This code runs in the supervisor, like that of the private Docker engine.
 *
 *   this machine                          the namespaces of networks and mounts
 *   169.254.x.y ◀──── a pair of veth ────▶ 169.254.x.y+1   bridges ── containers
 *
 * The bridges, routes, packet filters and mounts end with the last process in the namespaces. Nothing is routed out of
 * them, and an address of no container is unreachable.
 */
export interface PrivatePodman {
  readonly host: string;
  readonly folder: string;
  /** The process whose network namespace is the engine's (`nsenter --target`). */
  readonly pid: number;
  /** Where programs in that namespace are reached from this machine. */
  readonly address: string;
  /** This machine's end of the way there. */
  readonly device: string;
}

const needs = [
  { program: 'podman', debianPackage: 'podman' },
  { program: 'conmon', debianPackage: 'conmon' },
  { program: 'runc', debianPackage: 'runc' },
  { program: '/usr/lib/podman/netavark', debianPackage: 'netavark' },
  { program: '/usr/lib/podman/aardvark-dns', debianPackage: 'aardvark-dns' },
  { program: 'iptables', debianPackage: 'iptables' },
  { program: 'ip', debianPackage: 'iproute2' },
] as const;

/** Podman's own range for networks (containers-common: 10.88.0.0/16, then each /24 from 10.89.0.0 on). */
const pool = '10.88.0.0/13';

/** Podman's own name for it, where it manages cgroups without systemd. */
const cgroupParent = '/libpod_parent';

export async function startPrivatePodman({ signal, onProgress, undo }: StartOptions): Promise<PrivatePodman> {
  await installMissing(needs, onProgress);
  signal.throwIfAborted();
  onProgress('starting a private Podman');
  const folder = await mkdtemp(join(await parentOfDataFolder(), 'sealane-'));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  // The random letters of the folder's name are part of all other names, too.
  const device = `spod-${basename(folder).slice(-6)}`;
  const socket = join(folder, 'podman.sock');
  const configuration = join(folder, 'containers.conf');
  undo.push(() => removeCgroupsOf(folder));
  await mkdir(join(folder, 'copies'));
  await writeFile(configuration, configurationIn(folder, (await which('runc')) ?? 'runc'));

  const podman = daemon(
    folder,
    'podman',
    ['unshare', '--mount', '--net', '--propagation', 'private', 'sh', '-c', entrance, 'podman', folder, socket],
    { CONTAINERS_CONF: configuration, PODMAN_IGNORE_CGROUPSV1_WARNING: '1', TMPDIR: join(folder, 'copies') },
  );
  const mark = `CONTAINERS_CONF=${configuration}`;
  undo.push(() => killProcessesOf(mark, folder));
  undo.push(() => stopDaemon(podman));
  undo.push(() => killContainers(socket));
  await untilAnswering(socket, podman, folder, 'podman', signal);
  const { pid = 0 } = podman;
  // The pair of devices ends with the namespace, but not before its last process.
  undo.push(async () => void (await run('ip', ['link', 'del', device])));
  const address = await connectNamespace(pid, device);
  return { host: `unix://${socket}`, folder, pid, address, device };
}

/** What Podman and its helpers keep in /run ends with their namespace of mounts. */
const entrance = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
ip route add unreachable ${pool}
exec podman --root "$1/root" --runroot "$1/run" --cgroup-manager cgroupfs system service --time=0 "unix://$2"`;

/**
 * runc also runs where version 1 and 2 of cgroups are mounted side by side, which crun refuses. The limits are those that
 * a process without privileges over this machine's own limits may set.
 */
function configurationIn(folder: string, runc: string): string {
  return `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = ${JSON.stringify(runc)}
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = ${JSON.stringify(join(folder, 'tmp'))}
volume_path = ${JSON.stringify(join(folder, 'volumes'))}
[network]
network_backend = "netavark"
network_config_dir = ${JSON.stringify(join(folder, 'networks'))}
`;
}

/**
 * Connects the namespace with this machine by a network of two addresses, which no router knows (RFC 3927). Returns the
 * address in the namespace.
 */
async function connectNamespace(pid: number, device: string): Promise<string> {
  const random = (below: number): number => Math.floor(Math.random() * below);
  const network = `169.254.${1 + random(254)}`;
  const first = 2 * random(128);
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`, 'ip'] as const;
  await run('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'outside', 'netns', String(pid)]);
  await run('ip', ['address', 'add', `${network}.${first}/31`, 'dev', device]);
  await run('ip', ['link', 'set', device, 'up']);
  await run(inside[0], [...inside.slice(1), 'address', 'add', `${network}.${first + 1}/31`, 'dev', 'outside']);
  await run(inside[0], [...inside.slice(1), 'link', 'set', 'outside', 'up']);
  return `${network}.${first + 1}`;
}

/** All Podmans have one parent for the cgroups of their containers. It is removed with the last of them. */
async function removeCgroupsOf(folder: string): Promise<void> {
  for await (const container of glob('*-containers/*', { cwd: join(folder, 'root') })) {
    await removeCgroups(`${cgroupParent}/libpod-${basename(container)}`);
  }
  for (const shared of [`${cgroupParent}/conmon`, cgroupParent]) await removeUnusedCgroup(shared);
}
