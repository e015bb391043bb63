import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../machine/command.ts';

/**
 * Finds and ends what a private engine may leave behind after a disorderly stop: its processes (identified by an
 * inherited environment variable), its containers (identified by their cgroup) and its mounts (identified by their
 * path).
 */
export const engineVariable = 'SEALANE_PRIVATE_ENGINE';

/** The pids of the engine's daemons, shims and proxies, and of the processes in its containers. */
export async function engineProcesses(folder: string, cgroup: string): Promise<number[]> {
  const mark = `${engineVariable}=${folder}`;
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Processes may end meanwhile: the files of an ended process read as empty.
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    const zombie = (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')).includes(') Z');
    if (!zombie && (environment.split('\0').includes(mark) || cgroups.includes(`${cgroup}/`))) found.push(pid);
  }
  return found;
}

/** The number of running Docker daemons: `private` ones of dev/engine, and `foreign` ones, which are all others. */
export async function runningDaemons(): Promise<{ readonly foreign: number; readonly private: number }> {
  const count = { foreign: 0, private: 0 };
  for (const pid of await readdir('/proc')) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() !== 'dockerd') continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    count[environment.includes(`${engineVariable}=`) ? 'private' : 'foreign'] += 1;
  }
  return count;
}

export async function killEngineProcesses(folder: string, cgroup: string): Promise<void> {
  await killAll(() => engineProcesses(folder, cgroup));
}

/** Kills the processes until none is left: one that is killed may still have started a helper. */
async function killAll(list: () => Promise<number[]>): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const pids = await list();
    if (pids.length === 0) return;
    for (const pid of pids) signalQuietly(pid, 'SIGKILL');
    await pause(100);
  }
}

/**
 * The pids of the processes that have the variable `mark`, and of those that see a mount of `folder`: a private Podman
 * has a namespace of mounts of its own, so that only its containers see mounts of its folder.
 */
export async function processesOf(mark: string, folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // The files of a zombie read as empty.
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(mark) || mounts.includes(`${folder}/`)) found.push(pid);
  }
  return found;
}

/** Kills the processes of `processesOf` until none is left. */
export async function killProcessesOf(mark: string, folder: string): Promise<void> {
  await killAll(() => processesOf(mark, folder));
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

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
