import type { ChildProcess } from 'node:child_process';
import { describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { run } from '../../dev/machine/command.ts';
import { poolPrefix } from '../../dev/engine/network.ts';
import { canInstall } from '../../dev/machine/packages.ts';
import { dockerProcesses, mountsBeneath, untilEnded } from '../../dev/engine/processes.ts';
import { countLines, exists, holdEngine, runSleeper } from '../support/engine/held-engine.ts';

/**
 * However the process that acquired a private engine ends, nothing of the engine is left on the machine.
 */
const tracesSchema = z.object({ folder: z.string(), pool: z.string(), bridge: z.string(), pid: z.number() });
type Traces = z.infer<typeof tracesSchema>;

// A private engine needs root on Debian or a derivative.
describe.runIf(await canInstall())('a private engine', () => {
  it.each([
    ['is killed', (holder: ChildProcess) => holder.kill('SIGKILL')],
    ['is interrupted with Ctrl-C', (holder: ChildProcess) => holder.kill('SIGINT')],
    ['releases it', (holder: ChildProcess) => holder.stdin?.end('release\n')],
    ['exits without releasing it', (holder: ChildProcess) => holder.stdin?.end('exit\n')],
    ['throws', (holder: ChildProcess) => holder.stdin?.end('throw\n')],
  ])('is removed without a trace when its holder %s, even with a running container', async (_title, end) => {
    const { holder, host, traces } = await holdEngine('docker', tracesSchema);
    await runSleeper(host);
    const found = await left(traces);
    expect(found.processes).toBeGreaterThanOrEqual(3);
    expect(found).toMatchObject({ devices: 2, folder: true, supervisor: true });

    end(holder);

    await untilEnded(traces.pid);
    await vi.waitFor(async () => expect(await left(traces)).toEqual(nothing), { timeout: 30_000, interval: 100 });
  });

  it('has no addresses that are routed out of the machine', async () => {
    const { traces } = await holdEngine('docker', tracesSchema);
    const address = `${poolPrefix(traces.pool)}200.9`;
    await expect(run('ip', ['route', 'get', address])).rejects.toThrow(/unreachable|No route to host/);
  });
});

describe('an engine that is already running', () => {
  it('is used, and is not changed by its release', async () => {
    const { acquireEngine } = await import('../../dev/engine/acquire.ts');
    const lines: string[] = [];
    await using engine = await acquireEngine({ allowPrivate: true, onProgress: (line) => lines.push(line) });
    expect(engine).toMatchObject({ host: process.env['DOCKER_HOST'], private: false });
    await engine.release();
    expect(await engine.client.getImage(inject('images').sealane).inspect()).toBeDefined();
    expect(lines).toEqual([]);
  });
});

const nothing = {
  processes: 0,
  devices: 0,
  routes: 0,
  mounts: 0,
  rules: 0,
  folder: false,
  cgroups: 0,
  supervisor: false,
};

/** Counts what is left of an engine on the machine. */
async function left({ folder, pool, bridge, pid }: Traces): Promise<typeof nothing> {
  const prefix = poolPrefix(pool);
  return {
    processes: (await dockerProcesses(folder, `/${bridge}`)).length,
    devices: countLines(await run('ip', ['-o', 'link', 'show']), bridge),
    routes: countLines(await run('ip', ['route', 'show']), ` ${prefix}`, `${prefix}0.0`),
    mounts: (await mountsBeneath(folder)).length,
    rules: countLines(await run('iptables-save', []), bridge, prefix),
    folder: await exists(folder),
    cgroups: countLines(await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', bridge]), bridge),
    supervisor: await exists(`/proc/${pid}`),
  };
}
