import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, refusal, serveEcho } from '../support/sockets/sockets.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * What each signal does to a running Sealane, and what is left of it afterwards.
 */
interface Serving extends AsyncDisposable {
  readonly sealane: Sealane;
  /** The TCP port of the service, which echoes. */
  readonly port: number;
  /** The folder of the service's Unix socket and of the admin socket. */
  readonly sockets: string;
  readonly folder: TempFolder;
  readonly config: string;
}

async function serving(...flags: readonly string[]): Promise<Serving> {
  const folder = await tempFolder();
  const echo = await serveEcho();
  const port = await freePort();
  await using undo = new AsyncDisposableStack();
  undo.use(folder);
  undo.use(echo);
  const sockets = join(folder.path, 'sockets');
  const listen = `unix:${sockets}/web.sock,127.0.0.1:${port}`;
  const text = `services: { web: { listen: '${listen}', upstreams: ['127.0.0.1:${echo.port}'] } }\n`;
  await mkdir(sockets);
  const config = await folder.write('sealane.yaml', text);
  const own = ['--config', config, '--admin-socket', join(sockets, 'admin.sock'), '--socket-folder', sockets];
  const sealane = undo.use(startSealane('--docker', 'none', ...own, ...flags));
  await sealane.line({ event: 'route-opened', listen: `unix:${sockets}/web.sock` });
  await sealane.line({ event: 'route-opened', listen: `127.0.0.1:${port}` });
  const kept = undo.move();
  return { sealane, port, sockets, folder, config, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The exit code, or the name of the signal that killed the process. */
async function endOf({ process }: Sealane): Promise<number | string | null> {
  if (process.exitCode === null && process.signalCode === null)
    await new Promise((resolve) => process.once('exit', resolve));
  return process.exitCode ?? process.signalCode;
}

it.each([
  ['SIGTERM', 'auto', 143],
  ['SIGTERM', 'stream', 143],
  ['SIGINT', 'auto', 130],
  ['SIGINT', 'stream', 130],
  ['SIGQUIT', 'auto', 131],
  ['SIGQUIT', 'stream', 131],
] as const)(
  '%s ends Sealane with --driver %s once its sessions have ended, a second one at once (%i)',
  async (signal, driver, code) => {
    await using one = await serving('--driver', driver, '--shutdown-timeout', '1h');
    const client = await dial(one.port);
    await client.echo('hello');
    one.sealane.process.kill(signal);
    await one.sealane.line({ event: 'stopping', signal });
    await vi.waitFor(async () => expect(await refusal(one.port)).toMatch(/ECONNREFUSED/), 30_000);
    await client.echo('again');
    await client[Symbol.asyncDispose]();
    expect(await endOf(one.sealane)).toBe(0);
    expect(await readdir(one.sockets)).toEqual([]);

    await using two = await serving('--driver', driver, '--shutdown-timeout', '1h');
    await using other = await dial(two.port);
    await other.echo('hello');
    // Both signals may be there before the relay threads have heard of the first.
    two.sealane.process.kill(signal);
    await two.sealane.line({ event: 'stopping' });
    two.sealane.process.kill(signal);
    expect(await endOf(two.sealane)).toBe(code);
    expect(await readdir(two.sockets)).toEqual([]);
  },
);

describe.each(['auto', 'stream'])('with --driver %s', (driver) => {
  it('SIGHUP reads the file again and leaves sessions alone, also one that has not changed', async () => {
    await using one = await serving('--driver', driver);
    await using client = await dial(one.port);
    await client.echo('hello');
    for (const from of [0, one.sealane.lines.length]) {
      one.sealane.process.kill('SIGHUP');
      await one.sealane.line({ event: 'config-read' }, from);
    }
    await client.echo('again');
    await one.folder.write('sealane.yaml', 'services: [');
    one.sealane.process.kill('SIGHUP');
    await one.sealane.line({ event: 'problem', code: 'config-invalid' });
    await client.echo('still');
    expect(one.sealane.process.exitCode).toBeNull();
  });
});

it('SIGHUP to a Sealane without a file does nothing, and says so', async () => {
  await using echo = await serveEcho();
  await using sealane = startSealane(`127.0.0.1:${echo.port}`);
  const port = Number(await sealane.firstOutput());
  sealane.process.kill('SIGHUP');
  await sealane.line({ event: 'nothing-to-reload' });
  await using client = await dial(port);
  await client.echo('hello');
  await client[Symbol.asyncDispose]();
  expect(await sealane.stop()).toBe(0);
});

it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
  '%s ends a Sealane that waits for its engine in order, and SIGHUP does not end it',
  async (signal) => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'engine.sock');
    const asked = Promise.withResolvers<void>();
    await using undo = new AsyncDisposableStack();
    const silent = createServer((connection) => {
      undo.defer(() => void connection.destroy());
      connection.once('data', () => asked.resolve());
    });
    undo.defer(() => void silent.close());
    await once(silent.listen(path), 'listening');
    const sealane = undo.use(startSealane('--docker', `unix://${path}`));
    await asked.promise;
    sealane.process.kill('SIGHUP');
    sealane.process.kill(signal);
    expect(await endOf(sealane)).toBe(0);
    expect(sealane.lines).toMatchObject([{ event: 'stopping', signal }, { event: 'stopped' }]);
  },
);

it('SIGUSR1 opens no inspector', async () => {
  await using one = await serving();
  const before = await listeningSockets(one.sealane);
  one.sealane.process.kill('SIGUSR1');
  await using client = await dial(one.port);
  await client.echo('hello');
  one.sealane.process.kill('SIGHUP');
  await one.sealane.line({ event: 'config-read' });
  expect(await listeningSockets(one.sealane)).toEqual(before);
  expect(one.sealane.process.exitCode).toBeNull();
});

/** The TCP sockets on which a process listens, by inode (proc(5)). */
async function listeningSockets({ process: { pid } }: Sealane): Promise<string[]> {
  const rows = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).split('\n').slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  // The fourth field is the state, of which 0A is LISTEN; the tenth is the inode.
  const listening = new Set(fields.filter(([, , , state]) => state === '0A').map((row) => `socket:[${row[9]}]`));
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.filter((link) => listening.has(link)).toSorted();
}
