import { readdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../machine/command.ts';
import { podmanConfigurationIn } from './podman-config.ts';

/**
 * Finds and ends what a private engine may leave behind after a disorderly stop: its processes (identified by an
 * inherited environment variable), its containers (identified by their cgroup) and its mounts (identified by their
 * path).
 */
export const engineVariable = 'SEALANE_PRIVATE_ENGINE';

/** The pids of a Docker engine's daemons, shims and proxies, and of the processes in its containers. */
export async function dockerProcesses(folder: string, cgroup: string): Promise<number[]> {
  const mark = `${engineVariable}=${folder}`;
  return pidsWhere(
    async (read) => (await read('environ')).split('\0').includes(mark) || (await read('cgroup')).includes(`${cgroup}/`),
  );
}

/**
 * The pids of a Podman's service and helpers, and of the processes in its containers: it has a namespace of mounts of its
 * own, so that only its containers see mounts of its folder. Podman passes CONTAINERS_CONF on to conmon, but not the
 * variable of all private engines.
 */
export async function podmanProcesses(folder: string): Promise<number[]> {
  const mark = `CONTAINERS_CONF=${podmanConfigurationIn(folder)}`;
  return pidsWhere(
    async (read) =>
      (await read('environ')).split('\0').includes(mark) || (await read('mountinfo')).includes(`${folder}/`),
  );
}

/** The pids of the processes, except this one and zombies, of which `isMeant` reads files in /proc. */
async function pidsWhere(isMeant: (read: (file: string) => Promise<string>) => Promise<boolean>): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Processes may end meanwhile: the files of an ended process read as empty.
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    if ((await isMeant(read)) && !(await read('stat')).includes(') Z')) found.push(pid);
  }
  return found;
}

/**
 * The number of Docker daemons that run in this network: `private` ones of dev/engine, and `foreign` ones, which are all
 * others. Those in another network have a packet filter of their own.
 */
export async function runningDaemons(): Promise<{ readonly foreign: number; readonly private: number }> {
  const count = { foreign: 0, private: 0 };
  const network = await networkOf('self');
  for (const pid of await readdir('/proc')) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() !== 'dockerd' || (await networkOf(pid)) !== network) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    count[environment.includes(`${engineVariable}=`) ? 'private' : 'foreign'] += 1;
  }
  return count;
}

/** The network namespace of a process; undefined once it has ended. */
export async function networkOf(pid: string): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/net`).catch(() => undefined);
}

export async function killDockerProcesses(folder: string, cgroup: string): Promise<void> {
  await killAll(() => dockerProcesses(folder, cgroup));
}

export async function killPodmanProcesses(folder: string): Promise<void> {
  await killAll(() => podmanProcesses(folder));
}

/** Kills the processes until none is left: one that is killed may still have started a helper. */
async function killAll(list: () => Promise<number[]>): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const pids = await list();
    if (pids.length === 0) return;
    for (const pid of pids) {
      signalQuietly(pid, 'SIGKILL');
      await thaw(pid);
    }
    await pause(100);
  }
}

/** A signal waits for as long as a process is frozen, as those of a paused container are, in version 1 of cgroups. */
async function thaw(pid: number): Promise<void> {
  const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const frozen = /^\d+:freezer:(.+)$/m.exec(cgroups)?.[1];
  if (frozen !== undefined) await writeFile(`/sys/fs/cgroup/freezer${frozen}/freezer.state`, 'THAWED').catch(() => {});
}

/** Unmounts all mounts beneath `folder`, the deepest first. */
export async function unmountBeneath(folder: string): Promise<void> {
  for (const mountPoint of (await mountsBeneath(folder)).toReversed()) {
    await run('umount', ['--lazy', mountPoint]).catch(() => {});
  }
}

/** The mount points beneath `folder`, in the order in which they were mounted. */
export async function mountsBeneath(folder: string): Promise<string[]> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').flatMap((line) => {
    const mountPoint = line.split(' ')[4];
    return mountPoint?.startsWith(`${folder}/`) === true ? [mountPoint] : [];
  });
}

/** Removes the cgroup and those in it, which the engine made, in every hierarchy. One with processes stays. */
export async function removeCgroups(cgroup: string): Promise<void> {
  for (const path of await pathsOf(cgroup)) await removeCgroupTree(path);
}

/** Removes the cgroup in every hierarchy where it has neither a process nor another cgroup in it. */
export async function removeUnusedCgroup(cgroup: string): Promise<void> {
  for (const path of await pathsOf(cgroup)) await rmdir(path).catch(() => {});
}

/** The path of the cgroup in each hierarchy, where it may not be. */
async function pathsOf(cgroup: string): Promise<string[]> {
  const root = '/sys/fs/cgroup';
  const hierarchies = await readdir(root).catch(() => []);
  return ['', ...hierarchies].map((hierarchy) => join(root, hierarchy, cgroup));
}

async function removeCgroupTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeCgroupTree(join(path, entry.name));
  if (entries.length > 0) await rmdir(path).catch(() => {});
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended.
  }
}

/**
 * Resolves once all threads of a process that was killed have ended, and with the last one its sockets are closed. Its
 * first thread is a zombie before that, and stays one until its parent looks.
 */
export async function untilEnded(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
    if (stat === '' || (/\) Z /.test(stat) && threads.length <= 1)) return;
    await pause(5);
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
