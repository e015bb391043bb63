import { glob, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../machine/command.ts';
import { installMissing } from '../machine/packages.ts';
import { daemon, killContainers, stopDaemon, untilAnswering } from './daemons.ts';
import { parentOfDataFolder } from './data-folder.ts';
import { connectNamespace, freeLinkLocalPair } from './network.ts';
import { podmanConfiguration, podmanConfigurationIn, podmanNeeds, withoutPackageNames } from './podman-config.ts';
import type { StartOptions } from './private-engine.ts';
import { killPodmanProcesses, removeCgroups, removeUnusedCgroup } from './processes.ts';
import { runtimePath, withoutSecondCgroups } from './runtime.ts';

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
  readonly enginePid: number;
  /** Where programs in that namespace are reached from this machine. */
  readonly address: string;
  /** This machine's end of the way there. */
  readonly device: string;
}

const needs = [
  ...podmanNeeds,
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
  const configuration = podmanConfigurationIn(folder);
  undo.push(() => removeCgroupsOf(folder));
  await mkdir(join(folder, 'copies'));
  await writeFile(configuration, podmanConfiguration(await runtimePath(), folder));

  const podman = daemon(
    folder,
    'podman',
    ['unshare', '--mount', '--net', '--propagation', 'private', 'sh', '-c', entrance, 'podman', folder, socket],
    { CONTAINERS_CONF: configuration, PODMAN_IGNORE_CGROUPSV1_WARNING: '1', TMPDIR: join(folder, 'copies') },
  );
  undo.push(() => killPodmanProcesses(folder));
  undo.push(() => stopDaemon(podman));
  undo.push(() => killContainers(socket));
  await untilAnswering(socket, podman, folder, 'podman', signal);
  const { pid: enginePid = 0 } = podman;
  // The pair of devices ends with the namespace, but not before its last process.
  undo.push(async () => void (await run('ip', ['link', 'del', device])));
  const [here, address] = await freeLinkLocalPair();
  await connectNamespace(enginePid, device, here, address);
  return { host: `unix://${socket}`, folder, enginePid, address, device };
}

/** What Podman and its helpers keep in /run ends with their namespace of mounts. */
const entrance = `set -e
mount -t tmpfs -o mode=755 tmpfs /run
${withoutPackageNames}
${withoutSecondCgroups}
ip link set lo up
ip route add unreachable ${pool}
exec podman --root "$1/root" --runroot "$1/run" --cgroup-manager cgroupfs system service --time=0 "unix://$2"`;

/** All Podmans have one parent for the cgroups of their containers. It is removed with the last of them. */
async function removeCgroupsOf(folder: string): Promise<void> {
  for await (const container of glob('*-containers/*', { cwd: join(folder, 'root') })) {
    await removeCgroups(`${cgroupParent}/libpod-${basename(container)}`);
  }
  for (const shared of [`${cgroupParent}/conmon`, cgroupParent]) await removeUnusedCgroup(shared);
}
