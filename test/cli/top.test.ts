import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { sealaneCommand, startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { openTerminal, type Terminal } from '../support/sealane/terminal.ts';

let folder: TempFolder;
let upstream: Server;
let config: string;
let admin: string;
let web: number;
let sealane: Sealane;

async function start(): Promise<void> {
  sealane = startSealane('--docker', 'none', '--config', config, '--admin', admin);
  await sealane.line({ event: 'route-opened', service: 'web' });
}

beforeAll(async () => {
  folder = await tempFolder();
  upstream = createServer((client) => client.on('error', () => undefined).pipe(client)).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  web = await freePort();
  admin = `127.0.0.1:${await freePort()}`;
  const services = [
    'services:',
    `  web: { listen: ${web}, upstreams: [localhost:${port}] }`,
    `  shop/db: { listen: ${await freePort()}, upstreams: [localhost:${port}] }`,
  ];
  config = await folder.write('sealane.yaml', services.join('\n'));
  await start();
}, 30_000);

afterAll(async () => {
  await sealane?.[Symbol.asyncDispose]();
  upstream?.close();
  await folder?.[Symbol.asyncDispose]();
});

/**
 * Opens a terminal with `sealane top`. At its end, the screen shows exit code and terminal modes: `exit=0 icanon echo`.
 */
function openTop(env: Readonly<Record<string, string>> = {}, address = admin): Promise<Terminal> {
  const command = `${sealaneCommand.join(' ')} top --admin ${address}`;
  const modes = "stty -a | grep -oE -- '-?\\b(icanon|echo)\\b' | tr '\\n' ' '";
  return openTerminal(
    `sh -c "${command}; echo exit=\\$? \\$(${modes.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}); cat"`,
    { env },
  );
}

async function session(): Promise<Socket> {
  const socket = createConnection(web, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('hello');
  await once(socket, 'data');
  return socket;
}

describe('sealane top in a terminal', () => {
  it('shows services and their changes, resizes, filters, and restores the terminal on q', async () => {
    await using terminal = await openTop();
    const first = await terminal.shows(/q quit/);
    expect(first).toMatch(/^sealane 0\.1\.0 · up /);
    expect(first).toMatch(/^shop\/db +up +1\/1 +\S+ +0 /m);
    await terminal.shows(/^EVENTS\n(?:.*\n)*.*web is served on/m);
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0');

    const client = await session();
    await terminal.shows(/^web +up +1\/1 +\S+ +1 /m);
    // The upstreams of both services have room, so all are shown, until they are hidden.
    await terminal.shows(/^web .*\n {2}localhost:\d+ +ready +1 active/m);
    await terminal.press('Down', 'Down', 'Enter');
    await terminal.shows(/^web .*\n\n/m);
    await terminal.press('?');
    await terminal.shows(/^any key returns/m);
    await terminal.press('p');
    await terminal.press('p');
    await terminal.shows(/^no problems/m);
    await terminal.press('Escape');
    client.destroy();
    await terminal.shows(/^web +up +1\/1 +\S+ +0 /m);

    await terminal.resize(50, 12);
    // The terminal itself cuts the large frame first, until the next one comes.
    const small = await terminal.shows(/(?<![^])(?![^]*EVENTS)[^]*^web +up +1\/1 +127\.0\.0\.1:\d+$/m);
    expect(small.trimEnd().split('\n')).toHaveLength(12);

    await terminal.press('/', 'd', 'b');
    await terminal.shows(/^\/db▏/m);
    expect(await terminal.screen()).not.toMatch(/^web /m);
    await terminal.press('Escape');
    await terminal.shows(/^web /m);
    await terminal.press('q');
    await terminal.shows(/^exit=0 icanon echo/m);
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  });

  it('restores the terminal on Ctrl-C', async () => {
    await using terminal = await openTop({ NO_COLOR: '1' });
    await terminal.shows(/q quit/);
    await terminal.press('C-c');
    await terminal.shows(/^exit=0 icanon echo/m);
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  });

  it('is marked stale while Sealane is down, and continues with the next Sealane', async () => {
    await using terminal = await openTop();
    await terminal.shows(/q quit/);
    await sealane.stop();
    await terminal.shows(/^STALE: /);
    await start();
    await terminal.shows(/^sealane 0\.1\.0 · up /);
    // SIGTERM restores the terminal, as `q` does.
    const [pid = ''] = (await terminal.ask('#{pane_pid}')).split('\n');
    await run('pkill', ['-TERM', '-P', pid, '--full', 'top --admin']);
    await terminal.shows(/^exit=0 icanon echo/m);
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  });

  it('is marked stale when Sealane goes before it has sent an event', async () => {
    // It answers as Sealane does, and has gone when it is asked for its events.
    const server = createHttpServer(({ url = '', socket }, response) => {
      if (url.startsWith('/api/events')) socket.destroy();
      else void fetch(`http://${admin}${url}`).then(async (answer) => response.end(await answer.text()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await using terminal = await openTop({}, `127.0.0.1:${(server.address() as AddressInfo).port}`);
      await terminal.shows(/^STALE: /);
      expect(await terminal.screen()).toMatch(/^web +up +1\/1 /m);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('leaves the terminal unchanged when no Sealane answers', async () => {
    const { code, stderr } = await askSealane(['top', '--admin', `127.0.0.1:${await freePort()}`]);
    expect(stderr).toMatch(/^sealane: no Sealane answers at 127\.0\.0\.1:\d+ .*\n$/);
    expect(code).toBe(1);
  });
});

describe('sealane top without a terminal', () => {
  it.each([
    ['plain', [], /^\d\d:\d\d:\d\d \d+ open, \d+ held, /],
    ['JSON', ['--json'], /^\{"at":"[^"]+","totals":\{"active":\d+,/],
  ] as const)('prints %s lines until SIGTERM', async (_name, flags, line) => {
    await using top = startSealane('top', '--admin', admin, ...flags);
    await vi.waitFor(() => expect(top.output.length).toBeGreaterThan(1), { timeout: 20_000 });
    for (const one of top.output) expect(one).toMatch(line);
    expect(await top.stop()).toBe(0);
  });
});
