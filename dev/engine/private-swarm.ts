import { mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../machine/command.ts';
import { installMissing } from '../machine/packages.ts';
import { stopDaemon } from './daemons.ts';
import { parentOfDataFolder } from './data-folder.ts';
import { freeLinkLocalPair } from './network.ts';
import { dockerNeeds, type StartOptions } from './private-engine.ts';
import { killDockerProcesses, removeCgroups } from './processes.ts';
import { startSwitch, switchOn, untilSwitching, type SwarmMachine } from './swarm-machine.ts';

/**
 * Starts the machines of a private Swarm, with everything of them in one temporary folder and in namespaces, and removes
 * them completely. This code runs in the supervisor, like that of the private Docker engine. The holder's side,
 * acquire-swarm.ts, makes a Swarm of them.
 */
export interface PrivateSwarm {
  readonly folder: string;
  readonly machines: SwarmMachine[];
}

export async function startPrivateSwarm(
  { signal, onProgress, undo }: StartOptions,
  count: number,
): Promise<PrivateSwarm> {
  await installMissing(dockerNeeds, onProgress);
  signal.throwIfAborted();
  onProgress(`starting ${count} private Docker engines for a Swarm`);
  const folder = await mkdtemp(join(await parentOfDataFolder(), 'sealane-'));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  // The random letters of the folder's name are part of all other names, too.
  const name = `sswm-${basename(folder).slice(-6)}`;
  const cgroup = `/${name}`;
  undo.push(() => removeCgroups(cgroup));
  const hub = startSwitch(folder);
  // It outlives the machines: what is left of their connections ends at once only while each hears of the other's end.
  undo.push(() => stopDaemon(hub));
  undo.push(() => killDockerProcesses(folder, cgroup));
  const { pid: switchPid = 0 } = hub;
  await untilSwitching(switchPid, signal);

  const start = async (number: number): Promise<SwarmMachine> => {
    const socket = join(folder, `${number}.sock`);
    const device = `${name}-${number}`;
    const [here, address] = await freeLinkLocalPair();
    const nodeAddress = `192.168.77.${number}`;
    const place = { number, folder, cgroup, socket, switchPid, nodeAddress, here, address, device };
    // The pair of devices ends with the namespace, but not before its last process and connection.
    undo.push(async () => void (await run('ip', ['link', 'del', device])));
    return switchOn(place, signal);
  };
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return { folder, machines: await Promise.all(numbers.map(start)) };
}
