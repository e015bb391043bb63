import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProgram } from '../support/programs/programs.ts';
import { sealaneCommand, startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { openTerminal, type Terminal } from '../support/sealane/terminal.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { whoIs } from '../support/swap/request-load.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * `sealane swap … -- COMMAND` in a real terminal, under a shell with job control. The command writes down each signal that
 * it gets, and ends with code 9 after the first.
 */
const undo = new AsyncDisposableStack();
let folder: TempFolder;
let sealane: Sealane;
let admin: string;
let port: number;
let script: string;

beforeAll(async () => {
  folder = undo.use(await tempFolder());
  const own = await freePort();
  port = await freePort();
  admin = `127.0.0.1:${await freePort()}`;
  const config = await folder.write(
    'sealane.yaml',
    `services: { shop/api: { listen: ${port}, upstreams: ['127.0.0.1:${own}'] } }\n`,
  );
  const whoami = ['env', 'WHOAMI_NAME=container', ...sealaneCommand, 'whoami', '--port', `${own}`];
  undo.use(await startProgram(whoami, [own]));
  script = await folder.write(
    'server.cjs',
    `const { appendFileSync } = require('node:fs');
     for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
       process.on(signal, () => {
         appendFileSync(process.env.SIGNALS, signal + '\\n');
         setTimeout(() => process.exit(9), 300);
       });
     require('node:http').createServer((_, answer) => answer.end('Name: mine')).listen(process.env.PORT);
     appendFileSync(process.env.SIGNALS, 'command ' + process.ppid + '\\n');`,
  );
  sealane = undo.use(startSealane('--docker', 'none', '--config', config, '--admin', admin));
  await sealane.line({ event: 'route-opened', service: 'shop/api' });
}, 30_000);

afterAll(() => undo.disposeAsync());

interface SwappingTerminal extends Terminal {
  /** What the process wrote down: the process id of its `sealane swap`, and the signals. */
  heard(): Promise<readonly string[]>;
}

/** A terminal in which the service is swapped, by a shell with job control, or without one, as by ssh(1). */
async function openSwapping(name: string, { redirect = '', hasShell = true } = {}): Promise<SwappingTerminal> {
  const signals = await folder.write(name, '');
  const env = { SIGNALS: signals, PS1: 'shell> ' };
  const command = `${sealaneCommand.join(' ')} swap api --admin ${admin} -- ${process.execPath} ${script} ${redirect}`;
  const program = hasShell ? 'bash --norc --noprofile -i' : `exec ${command}`;
  const terminal = await openTerminal(program, { columns: 180, env });
  if (hasShell) await terminal.press(command, 'Enter');
  await terminal.shows(/is swapped: all new sessions/);
  await served('mine');
  return { ...terminal, heard: async () => (await readFile(signals, 'utf8')).trimEnd().split('\n') };
}

/** The log tells of a change some milliseconds before the relay threads have it. */
const served = (by: string) => vi.waitFor(async () => expect(await whoIs(port)).toBe(by), 30_000);

const modes = "stty -a | grep -oE -- '-?(icanon|echo|isig)\\b' | tr '\\n' ' '";

describe('sealane swap -- COMMAND in a terminal', () => {
  it.each([
    ['its own input', ''],
    ['the input of another', '</dev/null'],
  ])(
    'gives back on Ctrl-C and leaves the terminal as it was: the command with %s gets the signal once',
    async (_, redirect) => {
      await using terminal = await openSwapping(`ctrl-c${redirect.length}`, { redirect });
      await terminal.press('C-c');
      await terminal.shows(/ended with code 9; shop\/api is given back/);
      await served('container');
      await terminal.press(`echo code=$? $(${modes})`, 'Enter');
      await terminal.shows(/^code=9 isig icanon echo/m);
      expect((await terminal.heard()).slice(1)).toEqual(['SIGINT']);
    },
  );

  it('gives back on Ctrl-Z and when the machine sleeps, takes the service again, and gives it back with its terminal', async () => {
    await using terminal = await openSwapping('others');
    const [first = ''] = await terminal.heard();
    const command = Number(first.slice('command '.length));
    let from = sealane.lines.length;
    await terminal.press('C-z');
    await terminal.shows(/Stopped/);
    await sealane.line({ event: 'stand-in-ended', reason: 'it was given back' }, from);
    await served('container');
    await terminal.press('fg', 'Enter');
    await terminal.shows(/shop\/api is taken again/);
    await served('mine');

    from = sealane.lines.length;
    process.kill(command, 'SIGSTOP');
    await sealane.line({ event: 'stand-in-ended', reason: 'its lease of 5s ran out' }, from);
    await served('container');
    // The shell noticed that its job was stopped.
    await terminal.press('fg', 'Enter');
    const screen = await terminal.shows(
      /the lease of shop\/api had run out; it is taken again\n(?:.*\n)*.*is swapped: /,
    );
    expect(screen).not.toMatch(/trying again|Let its process/);
    await served('mine');

    from = sealane.lines.length;
    await terminal[Symbol.asyncDispose]();
    await sealane.line({ event: 'stand-in-ended', reason: 'it was given back' }, from);
    await served('container');
    await vi.waitFor(() => expect(() => process.kill(command, 0)).toThrow('ESRCH'), 30_000);
    // The kernel sends it to all processes of the terminal, and the shell may send it to those of its jobs once more.
    expect(new Set((await terminal.heard()).slice(1))).toEqual(new Set(['SIGHUP']));
  });

  it('goes on at Ctrl-Z where no shell could continue it, and passes the end of such a terminal on', async () => {
    await using terminal = await openSwapping('no-shell', { hasShell: false });
    const command = Number((await terminal.heard())[0]?.slice('command '.length));
    await terminal.press('C-z');
    await terminal.shows(/shop\/api is taken again/);
    await served('mine');
    await terminal[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(() => process.kill(command, 0)).toThrow('ESRCH'), 30_000);
    await served('container');
    expect((await terminal.heard()).slice(1)).toEqual(['SIGHUP']);
  });
});
