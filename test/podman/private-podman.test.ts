import type { ChildProcess } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { podmanProcesses, untilEnded } from '../../dev/engine/processes.ts';
import { run } from '../../dev/machine/command.ts';
import { connect } from '../../src/demo/engine-client.ts';
import { countLines, exists, holdEngine, runSleeper } from '../support/engine/held-engine.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';

/**
 * However the process that acquired a private Podman ends, nothing of the engine is left on the machine.
 */
const tracesSchema = z.object({ folder: z.string(), device: z.string(), pid: z.number() });
type Traces = z.infer<typeof tracesSchema>;

it.each([
  ['is killed', (holder: ChildProcess) => holder.kill('SIGKILL')],
  ['releases it', (holder: ChildProcess) => holder.stdin?.end('release\n')],
])(
  'a private Podman is removed without a trace when its holder %s, even with a running and a paused container',
  async (_, end) => {
    const { holder, host, traces } = await holdEngine('podman', tracesSchema);
    const container = await runSleeper(host);
    const paused = await runSleeper(host);
    await connect(host).getContainer(paused).pause();
    const found = await left(traces, container);
    // The service, and conmon and a process of each container.
    expect(found.processes).toBeGreaterThanOrEqual(5);
    expect(found.cgroups).toBeGreaterThan(0);
    expect(found).toMatchObject({ devices: 1, folder: true, supervisor: true });
    end(holder);
    await untilEnded(traces.pid);
    await vi.waitFor(async () => expect(await left(traces, container)).toEqual(nothing), {
      timeout: 30_000,
      interval: 100,
    });
  },
);

it('an address of no network is unreachable in the network of a private Podman', async () => {
  const [program = '', ...args] = testedEngine().inside;
  for (const address of ['10.94.255.1', '10.95.3.4', '192.0.2.1']) {
    await expect(run(program, [...args, 'ip', 'route', 'get', address])).rejects.toThrow(
      /unreachable|No route to host/,
    );
  }
});

const nothing = { processes: 0, devices: 0, cgroups: 0, folder: false, supervisor: false };

/** Counts what is left of a Podman and its container on the machine. */
async function left({ folder, device, pid }: Traces, container: string): Promise<typeof nothing> {
  const cgroup = `libpod_parent/libpod-${container}`;
  const cgroups: string[] = [];
  for await (const path of glob([`/sys/fs/cgroup/${cgroup}`, `/sys/fs/cgroup/*/${cgroup}`])) cgroups.push(path);
  return {
    processes: (await podmanProcesses(folder)).length,
    devices: countLines(await run('ip', ['-o', 'link', 'show']), device),
    cgroups: cgroups.length,
    folder: await exists(folder),
    supervisor: await exists(`/proc/${pid}`),
  };
}
