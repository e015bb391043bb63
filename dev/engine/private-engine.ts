import { access, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { daemon, killContainers, stopDaemon, untilAnswering } from './daemons.ts';
import { parentOfDataFolder } from './data-folder.ts';
import { allowForwarding, rememberFirewall, restoreFirewall } from './firewall.ts';
import { bridgesOf, createNetwork, poolPrefix, removeNetwork } from './network.ts';
import { installMissing } from '../machine/packages.ts';
import { killDockerProcesses, removeCgroups, runningDaemons, unmountBeneath } from './processes.ts';
import { dockerRuntime, runtimeNeed } from './runtime.ts';

/**
 * Starts a whole Docker engine in one temporary folder and one address range, and removes it completely. This code runs
 * in the supervisor. Every step that changes the machine registers its undo step.
 */
export interface PrivateEngine {
  readonly host: string;
  readonly folder: string;
  readonly pool: string;
  readonly bridge: string;
}

export interface StartOptions {
  /** Aborts the start. The caller still has to run `undo`. */
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
  /** The undo steps, to be run in reverse order. */
  readonly undo: (() => Promise<void>)[];
}

export const dockerNeeds = [
  { program: 'dockerd', debianPackage: 'docker.io' },
  { program: 'containerd', debianPackage: 'containerd' },
  { program: 'iptables', debianPackage: 'iptables' },
  { program: 'ip', debianPackage: 'iproute2' },
  runtimeNeed,
] as const;

export async function startPrivateEngine({ signal, onProgress, undo }: StartOptions): Promise<PrivateEngine> {
  await installMissing(dockerNeeds, onProgress);
  signal.throwIfAborted();
  onProgress('starting a private Docker engine');
  const folder = await mkdtemp(join(await parentOfDataFolder(), 'sealane-'));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  // The random letters of the folder's name are part of all other names, too.
  const name = `slane-${basename(folder).slice(-6)}`;
  const cgroup = `/${name}`;
  undo.push(await strayFiles());

  const firewall = await rememberFirewall();
  const others = await runningDaemons();
  // A daemon flushes Docker's chains when it starts, so a private one beside another must not touch the packet filter.
  const filters = others.foreign + others.private === 0;
  const network = await createNetwork(name);
  undo.push(async () => {
    const marks = [...(await bridgesOf(network.pool)), poolPrefix(network.pool)];
    await removeNetwork(network.pool);
    await restoreFirewall(firewall, marks, !filters || (await runningDaemons()).foreign > 0);
  });
  if (!filters) await allowForwarding(network.pool);
  undo.push(async () => {
    await killDockerProcesses(folder, cgroup);
    await unmountBeneath(folder);
    await removeCgroups(cgroup);
  });

  const sockets = { containerd: join(folder, 'containerd.sock'), docker: join(folder, 'docker.sock') };
  await writeFile(
    join(folder, 'daemon.json'),
    JSON.stringify({
      hosts: [`unix://${sockets.docker}`],
      'data-root': join(folder, 'data'),
      'exec-root': join(folder, 'exec'),
      pidfile: join(folder, 'docker.pid'),
      containerd: sockets.containerd,
      bridge: network.bridge,
      'default-address-pools': [{ base: network.addressPool, size: 24 }],
      'cgroup-parent': cgroup,
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      'shutdown-timeout': 5,
      iptables: filters,
      'ip-forward': filters,
      ...(await dockerRuntime()),
    }),
  );
  // The engine gets its own containerd: dockerd would otherwise use the system's and leave containers in it.
  const containerd = daemon(folder, 'containerd', [
    'containerd',
    '--config=/dev/null',
    `--root=${join(folder, 'containerd')}`,
    `--state=${join(folder, 'containerd-state')}`,
    `--address=${sockets.containerd}`,
  ]);
  undo.push(() => stopDaemon(containerd));
  const dockerd = daemon(folder, 'dockerd', ['dockerd', '--config-file', join(folder, 'daemon.json')]);
  undo.push(() => stopDaemon(dockerd));
  undo.push(() => killContainers(sockets.docker));
  await untilAnswering(sockets.docker, dockerd, folder, 'dockerd', signal);
  return { host: `unix://${sockets.docker}`, folder, pool: network.pool, bridge: network.bridge };
}

/** Removes what engines create outside of their configured folders, unless it was there before. */
async function strayFiles(): Promise<() => Promise<void>> {
  const absent: string[] = [];
  for (const path of [
    '/etc/docker/key.json',
    '/run/docker/plugins',
    '/run/docker',
    '/run/containerd/s',
    '/run/containerd',
  ]) {
    await access(path).catch(() => absent.push(path));
  }
  return async () => {
    for (const path of absent) {
      // A folder that is not empty is left: another engine uses it by now.
      if (path.endsWith('.json')) await rm(path, { force: true });
      else await rmdir(path).catch(() => {});
    }
  };
}
