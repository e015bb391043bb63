import type { TestProject } from 'vitest/node';
import { acquireSwarm } from '../../../../dev/engine/acquire-swarm.ts';
import { equip, keepOverlay, machineOf } from '../../swarm/test-swarm.ts';
import { insideOf } from '../../../../dev/engine/swarm-machine.ts';

/**
 * The global setup of the tests on a Swarm: two nodes in namespaces of their own, of which the first is the manager, and
 * an image of busybox. Everything is removed when the returned teardown, or this process, ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const onProgress = (line: string): void => void process.stderr.write(`[swarm] ${line}\n`);
  const acquired = await acquireSwarm({ nodes: 2, managers: 1, onProgress });
  try {
    const swarm = await equip(acquired.machines);
    await keepOverlay(swarm);
    project.provide('swarm', swarm);
    // Nothing here needs Sealane's own image.
    project.provide('images', { sealane: '', base: undefined, tools: swarm.image });
    const manager = machineOf(swarm, 1);
    const { host } = acquired;
    project.provide('engine', { name: 'Docker', host, address: manager.address, inside: insideOf(manager) });
    return () => acquired.release();
  } catch (error) {
    await acquired.release();
    throw error;
  }
}
