import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { processesOf } from '../../dev/engine/processes.ts';
import { importImage } from '../../dev/images/root-filesystem.ts';
import { programEntries } from '../../dev/images/machine-files.ts';
import { run } from '../../dev/machine/command.ts';
import { connect } from '../../src/demo/engine-client.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';

/**
 * However the process that acquired a private Podman ends, nothing of the engine is left on the machine.
 */
const readySchema = z.object({
  host: z.string(),
  traces: z.object({ folder: z.string(), device: z.string(), pid: z.number() }),
});
type Ready = z.infer<typeof readySchema>;

const holder = fileURLToPath(new URL('../support/engine/holder.ts', import.meta.url));
let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

it.each([
  ['is killed', (holding: ChildProcess) => holding.kill('SIGKILL')],
  ['releases it', (holding: ChildProcess) => holding.stdin?.end('release\n')],
])('a private Podman is removed without a trace when its holder %s, even with a running container', async (_, end) => {
  const ready = await hold();
  await runContainer(ready.host);
  const found = await traces(ready);
  // The service, conmon and the container.
  expect(found.processes).toBeGreaterThanOrEqual(3);
  expect(found).toMatchObject({ devices: 1, folder: true, supervisor: true });
  end(child as ChildProcess);
  await vi.waitFor(async () => expect(await traces(ready)).toEqual(nothing), { timeout: 30_000, interval: 100 });
});

it('an address of no network is unreachable in the network of a private Podman', async () => {
  const [program = '', ...args] = testedEngine().inside;
  for (const address of ['10.94.255.1', '10.95.3.4', '192.0.2.1']) {
    await expect(run(program, [...args, 'ip', 'route', 'get', address])).rejects.toThrow(
      /unreachable|No route to host/,
    );
  }
});

const nothing = { processes: 0, devices: 0, folder: false, supervisor: false };

async function traces({ traces: { folder, device, pid } }: Ready): Promise<typeof nothing> {
  const exists = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );
  return {
    processes: (await processesOf(`CONTAINERS_CONF=${folder}/containers.conf`, folder)).length,
    devices: (await run('ip', ['-o', 'link', 'show'])).split('\n').filter((line) => line.includes(device)).length,
    folder: await exists(folder),
    supervisor: await exists(`/proc/${pid}`),
  };
}

/** Starts a process that holds a private Podman. */
async function hold(): Promise<Ready> {
  child = spawn(process.execPath, [holder, 'podman'], { stdio: ['pipe', 'pipe', 'ignore'] });
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
