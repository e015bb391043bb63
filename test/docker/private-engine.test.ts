import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { connect } from '../../src/demo/engine-client.ts';
import { run } from '../../dev/machine/command.ts';
import { poolPrefix } from '../../dev/engine/network.ts';
import { canInstall } from '../../dev/machine/packages.ts';
import { engineProcesses, mountsBeneath } from '../../dev/engine/processes.ts';
import { importImage } from '../../dev/images/root-filesystem.ts';
import { programEntries } from '../../dev/images/machine-files.ts';

/**
 * However the process that acquired a private engine ends, nothing of the engine is left on the machine.
 */
const readySchema = z.object({
  host: z.string(),
  traces: z.object({ folder: z.string(), pool: z.string(), bridge: z.string(), pid: z.number() }),
});
type Ready = z.infer<typeof readySchema>;

const holder = fileURLToPath(new URL('../support/engine/holder.ts', import.meta.url));
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

// A private engine needs root on Debian or a derivative.
describe.runIf(await canInstall())('a private engine', () => {
  it.each([
    ['is killed', (holding: ChildProcess) => holding.kill('SIGKILL')],
    ['is interrupted with Ctrl-C', (holding: ChildProcess) => holding.kill('SIGINT')],
    ['releases it', (holding: ChildProcess) => holding.stdin?.end('release\n')],
    ['exits without releasing it', (holding: ChildProcess) => holding.stdin?.end('exit\n')],
    ['throws', (holding: ChildProcess) => holding.stdin?.end('throw\n')],
  ])('is removed without a trace when its holder %s, even with a running container', async (_title, end) => {
    const ready = await hold();
    await runContainer(ready.host);
    const found = await traces(ready);
    expect(found.processes).toBeGreaterThanOrEqual(3);
    expect(found).toMatchObject({ devices: 2, folder: true, supervisor: true });

    end(child as ChildProcess);

    await vi.waitFor(async () => expect(await traces(ready)).toEqual(nothing), { timeout: 30_000, interval: 100 });
  });

  it('has no addresses that are routed out of the machine', async () => {
    const { traces: trace } = await hold();
    const address = `${poolPrefix(trace.pool)}200.9`;
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
async function traces({ traces: { folder, pool, bridge, pid } }: Ready): Promise<typeof nothing> {
  const prefix = poolPrefix(pool);
  const count = (text: string, ...marks: readonly string[]): number =>
    text.split('\n').filter((line) => marks.some((mark) => line.includes(mark))).length;
  return {
    processes: (await engineProcesses(folder, `/${bridge}`)).length,
    devices: count(await run('ip', ['-o', 'link', 'show']), bridge),
    routes: count(await run('ip', ['route', 'show']), ` ${prefix}`, `${prefix}0.0`),
    mounts: (await mountsBeneath(folder)).length,
    rules: count(await run('iptables-save', []), bridge, prefix),
    folder: await access(folder).then(
      () => true,
      () => false,
    ),
    cgroups: count(await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', bridge]), bridge),
    supervisor: await access(`/proc/${pid}`).then(
      () => true,
      () => false,
    ),
  };
}

/** Starts a process that holds a private engine, even where this machine has another one. */
async function hold(): Promise<Ready> {
  child = spawn(process.execPath, [holder], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  });
  if (child.stdout === null) throw new Error('no output to read');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return readySchema.parse(JSON.parse(line));
}

/** Runs a container that ignores SIGTERM, so that only SIGKILL ends it. */
async function runContainer(host: string): Promise<void> {
  const client = connect(host);
  const image = await importImage(client, 'sleeper', await programEntries('/bin/busybox'), []);
  const container = await client.createContainer({ Image: image, Cmd: ['/bin/busybox', 'sleep', '1000000'] });
  await container.start();
}
