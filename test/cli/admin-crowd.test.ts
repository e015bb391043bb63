import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askSealane } from '../support/sealane/ask.ts';
import { startSealane, startWithLog, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, serveEcho } from '../support/sockets/sockets.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * Clients that fill the admin address with half requests. The image's HEALTHCHECK is `sealane health`.
 */
interface Crowd extends Disposable {
  readonly sockets: readonly Socket[];
}

interface Address {
  readonly port?: number;
  readonly path?: string;
  readonly localAddress?: string;
}

const half = 'GET /api/status HTTP/1.1\r\nHost: localhost\r\n';

/** Resolves when all have connected, or were turned away. */
async function crowd(address: Address, count: number, text = half): Promise<Crowd> {
  const sockets = Array.from({ length: count }, () => open(address, text));
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
  );
  return {
    sockets,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function open({ port = 0, path, localAddress }: Address, text: string): Socket {
  const socket =
    path === undefined ? connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) }) : connect(path);
  // A connection that is turned away may be reset.
  socket.on('error', () => undefined);
  socket.write(text);
  return socket.resume();
}

/** The engine asks again before it calls a container unhealthy: on a busy machine two seconds may be too short once. */
async function expectHealthy(...admin: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(await askSealane(['health', ...admin])).toMatchObject({ code: 0 }), 30_000);
}

/** The tests share a Sealane, which has an admin address and an admin socket. */
describe('clients of the admin API', () => {
  let folder: TempFolder;
  let sealane: Sealane;
  let port: number;
  let path: string;

  beforeAll(async () => {
    folder = await tempFolder();
    port = await freePort();
    path = join(folder.path, 'admin.sock');
    const text = `services: { web: { listen: '127.0.0.1:${await freePort()}', upstreams: ['127.0.0.1:1'] } }`;
    const config = await folder.write('sealane.yaml', text);
    const admin = ['--admin', `127.0.0.1:${port}`, '--admin-socket', path];
    sealane = startSealane('run', '--docker', 'none', '--config', config, ...admin);
    await sealane.line({ event: 'route-opened', service: 'web' });
  });

  afterAll(async () => {
    await sealane[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  describe.each([256, 2_000])('%i half requests', (count) => {
    it('keep neither the HEALTHCHECK nor an open event stream from the admin address', async () => {
      const events = await fetch(`http://127.0.0.1:${port}/api/events?stats=true`);
      const reader = events.body?.getReader();
      await reader?.read();
      using halves = await crowd({ port }, count);
      await expectHealthy('--admin', `127.0.0.1:${port}`);
      expect((await fetch(`http://127.0.0.1:${port}/api/status`)).status).toBe(200);
      // Figures come once a second.
      expect(await reader?.read()).toMatchObject({ done: false });
      expect(await reader?.read()).toMatchObject({ done: false });
      await reader?.cancel();
      expect(sealane.process.exitCode).toBeNull();
      await vi.waitFor(
        () => expect(halves.sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(128),
        30_000,
      );
    });

    it('keep the HEALTHCHECK from the admin socket just as little', async () => {
      using halves = await crowd({ path }, count);
      await expectHealthy('--admin-socket', path);
      expect([halves.sockets.length, sealane.process.exitCode]).toEqual([count, null]);
    });
  });

  it('a client address takes no connection away from another', async () => {
    using other = await crowd({ port, localAddress: '127.0.0.2' }, 1);
    using halves = await crowd({ port }, 1_000);
    const [socket] = other.sockets;
    socket?.write('Connection: close\r\n\r\n');
    let answer = '';
    socket?.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    if (socket) await once(socket, 'close');
    expect([halves.sockets.length, sealane.process.exitCode]).toEqual([1_000, null]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['half a head', half],
    ['nothing', ''],
  ])('a client that sends %s has its connection closed within seconds', async (_name, text) => {
    const openedAt = performance.now();
    using one = await crowd({ port }, 1, text);
    const [socket] = one.sockets;
    if (socket) await once(socket, 'close');
    expect(performance.now() - openedAt).toBeLessThan(40_000);
    expect(sealane.process.exitCode).toBeNull();
  });
});

it('half requests take no file from the relay’s clients where few may be open', async () => {
  await using folder = await tempFolder();
  await using server = await serveEcho();
  const [admin, port] = [await freePort(), await freePort()];
  const text = `services: { web: { listen: '127.0.0.1:${port}', upstreams: ['127.0.0.1:${server.port}'] } }`;
  const config = await folder.write('sealane.yaml', text);
  const settings = ['--docker', 'none', '--workers', '1', '--admin', `127.0.0.1:${admin}`, '--config', config];
  await using sealane = startWithLog('unread', ['run', ...settings], { before: ['prlimit', '--nofile=256:256'] });
  const echo = async (): Promise<string> => {
    await using client = await dial(port);
    const answer = await client.echo('hello');
    return answer;
  };
  await vi.waitFor(async () => expect(await echo()).toBe('hello'), 30_000);
  using one = await crowd({ port: admin }, 150);
  using other = await crowd({ port: admin, localAddress: '127.0.0.2' }, 150);
  await using clients = new AsyncDisposableStack();
  for (let nth = 0; nth < 50; nth++) expect(await clients.use(await dial(port)).echo('hello')).toBe('hello');
  // They did not have to wait until half requests had timed out.
  const isOpen = ({ destroyed }: Socket): boolean => !destroyed;
  expect([one.sockets.some(isOpen), other.sockets.some(isOpen), sealane.process.exitCode]).toEqual([true, true, null]);
});
