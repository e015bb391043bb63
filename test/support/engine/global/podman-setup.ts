import type { TestProject } from 'vitest/node';
import { acquirePodman } from '../../../../dev/engine/acquire-podman.ts';
import { installMissing } from '../../../../dev/machine/packages.ts';
import { buildBusyboxImage } from '../busybox.ts';

/**
 * The global setup of the tests on Podman: an engine in a network namespace of its own, and an image of busybox.
 * Everything is removed when the returned teardown, or this process, ends.
 */
const programs = [
  { program: 'docker-compose', debianPackage: 'docker-compose' },
  { program: 'busybox', debianPackage: 'busybox-static' },
] as const;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const onProgress = (line: string): void => void process.stderr.write(`[podman] ${line}\n`);
  await installMissing(programs, onProgress);
  const podman = await acquirePodman({ onProgress });
  try {
    const tools = await buildBusyboxImage(podman.client);
    // Nothing here needs Sealane's own image: Sealane runs on the engine's host.
    project.provide('images', { sealane: '', base: undefined, tools });
    const { host, address, inside } = podman;
    project.provide('engine', { name: 'Podman', host, address, inside });
    return () => podman.release();
  } catch (error) {
    await podman.release();
    throw error;
  }
}
