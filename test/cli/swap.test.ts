import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { servicesSchema } from '../../src/admin/schema.ts';
import { startProgram } from '../support/programs/programs.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { runSealane, sealaneCommand, startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { startRequestLoad, whoIs } from '../support/swap/request-load.ts';
import { endOrphan, namedWhoami, startSwap } from '../support/swap/swap-command.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** One Sealane for all tests: the service `shop/api`, whose own upstream is `container`. */
const undo = new AsyncDisposableStack();
let sealane: Sealane;
let config: string;
let admin: string;
let port: number;
let mine: number;

const start = async (): Promise<Sealane> => {
  const started = startSealane('--docker', 'none', '--config', config, '--admin', admin);
  await started.line({ event: 'route-opened', service: 'shop/api' });
  return started;
};

beforeAll(async () => {
  const folder = undo.use(await tempFolder());
  const own = await freePort();
  [port, mine] = [await freePort(), await freePort()];
  admin = `127.0.0.1:${await freePort()}`;
  config = await folder.write(
    'sealane.yaml',
    `services: { shop/api: { listen: ${port}, drain: 1s, upstreams: ['127.0.0.1:${own}'] } }\n`,
  );
  undo.use(
    await startProgram(['env', 'WHOAMI_NAME=container', ...sealaneCommand, 'whoami', '--port', `${own}`], [own]),
  );
  undo.use(await startProgram(['env', 'WHOAMI_NAME=mine', ...sealaneCommand, 'whoami', '--port', `${mine}`], [mine]));
  sealane = await start();
}, 30_000);

afterAll(async () => {
  await sealane?.[Symbol.asyncDispose]();
  await undo.disposeAsync();
});

const swap = (...args: readonly string[]) => startSwap('--admin', admin, ...args);
const ask = (...args: readonly string[]) => askSealane([...args, '--admin', admin]);
const swapped = /is swapped: all new sessions go to the stand-in/;

describe('sealane swap SERVICE HOST:PORT', () => {
  it('sends new sessions to the process until Ctrl-C, and everybody is told', async () => {
    await using command = swap('api', `localhost:${mine}`);
    await command.line(swapped);
    expect(await whoIs(port)).toBe('mine');
    const { stdout } = await ask('status');
    expect(stdout).toMatch(
      new RegExp(
        `^ SWAPPED  shop/api is swapped: all new sessions go to the stand-in localhost:${mine} of .+, begun \\d+s ago$`,
        'm',
      ),
    );
    expect((await ask('why', 'shop/api')).stdout).toMatch(
      /is swapped: .*\n +next: To give it back: sealane swap shop\/api --back/,
    );
    expect(await command.end('SIGINT')).toBe(0);
    expect(await whoIs(port)).toBe('container');
    await sealane.line({ event: 'stand-in-taken', service: 'shop/api' });
    await sealane.line({ event: 'stand-in-ended', service: 'shop/api', reason: 'it was given back' });
  });

  it('lets the last swap serve, tells the earlier one, and gives the service back to it', async () => {
    await using first = swap('shop/api', `localhost:${mine}`);
    await first.line(swapped);
    await using second = swap('shop/api', '--', ...namedWhoami('second'));
    await second.line(swapped);
    await first.line(/waits until that of .* ends/);
    expect(await whoIs(port)).toBe('second');
    expect(await second.end('SIGTERM')).toBe(0);
    expect(await whoIs(port)).toBe('mine');
    expect((await ask('swap', 'shop/api', '--back')).stdout).toMatch(/^shop\/api is given back by /);
    expect(await first.exited).toBe(1);
    expect(first.lines.at(-1)).toMatch(/was ended by sealane swap --back/);
    expect(await ask('swap', 'shop/api', '--back')).toMatchObject({
      code: 2,
      stderr: 'sealane: shop/api is not swapped\n',
    });
  });

  it('with --for stays behind, with a share of the sessions', async () => {
    const { stdout } = await ask('swap', 'shop/api', `${mine}`, '--for', '1h', '--share', '50%');
    expect(stdout).toMatch(/^shop\/api is swapped: 50% of new sessions go .*, for 1h; to give it back before: /);
    await vi.waitFor(
      async () => expect([await whoIs(port), await whoIs(port)].toSorted()).toEqual(['container', 'mine']),
      30_000,
    );
    const { stdout: json } = await ask('status', '--json');
    const [service] = servicesSchema.parse(JSON.parse(json)).services;
    expect(service?.standIns).toMatchObject([{ percent: 50, serves: true, state: 'ready' }]);
    await ask('swap', 'shop/api', '--back');
  });

  it('is taken again when Sealane was restarted, and says so where none answers at its end', async () => {
    await using other = swap('shop/api', `localhost:${mine}`);
    await other.line(swapped);
    await using command = swap('shop/api', `localhost:${mine}`);
    await command.line(swapped);
    await sealane.stop();
    await command.line(/no Sealane answers .*; trying again/);
    expect(await other.end('SIGINT')).toBe(0);
    expect(other.lines.at(-1)).toMatch(/shop\/api comes back when its lease runs out: no Sealane answers/);
    sealane = await start();
    await command.line(/the lease of shop\/api had run out; it is taken again/);
    await vi.waitFor(async () => expect(await whoIs(port)).toBe('mine'), 30_000);
    await command.end('SIGTERM');
  });

  it('refuses an address at which clients would come back to the service without end', async () => {
    const { code, stderr } = await ask('swap', 'shop/api', `localhost:${port}`);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/is where Sealane serves shop\/api .* without end; name/),
    ]);
    expect(await whoIs(port)).toBe('container');
  });

  it.each([
    [['shop/apo', 'localhost:1'], 1, /No service is called shop\/apo\. Did you mean shop\/api\?/],
    [['shop/api'], 2, /name the address of the process/],
    [['shop/api', 'localhost'], 2, /must be HOST:PORT, such as localhost:3000/],
    [['shop/api', 'localhost:1', '--share', '0'], 2, /--share must be a percentage/],
    [['shop/api', 'localhost:1', '--share', '10%', '--strict'], 2, /--strict needs the whole service/],
    [['shop/api', 'localhost:1', 'npm', 'run', 'dev'], 2, /put -- before the command: … -- npm run dev/],
    [['shop/api', '--for', '1h', '--', 'x'], 2, /--for is for a swap without a command/],
    [['shop/api', 'nowhere.invalid:1'], 1, /can't resolve nowhere\.invalid/],
    [['shop/api', '--', 'no-such-program'], 2, /can't start "no-such-program": there is no such program/],
    [['shop/api', '--env', '--', 'true'], 2, /--env: shop\/api has no container/],
  ] as const)('%j is a clear error', async (args, code, message) => {
    const { code: found, stderr } = await askSealane(['swap', '--admin', admin, ...args]);
    expect(stderr).toMatch(message);
    expect(found).toBe(code);
  });
});

describe('sealane swap SERVICE -- COMMAND', () => {
  it('gives the command a port, shows its output, and passes signals and its exit code on', async () => {
    const server =
      "require('http').createServer((_, answer) => answer.end('Name: script')).listen(process.env.PORT);" +
      "process.on('SIGTERM', () => process.exit(9))";
    const script = `echo "I have $PORT"; sleep 1.2; exec ${process.execPath} -e "${server}"`;
    await using command = swap('shop/api', '--', 'sh', '-c', script);
    await command.line(/^I have \d+$/);
    await command.line(/waiting until sh -c .* listens on port \d+/);
    await command.line(swapped);
    expect(await whoIs(port)).toBe('script');
    expect(await command.end('SIGTERM')).toBe(9);
    expect(await whoIs(port)).toBe('container');
  });

  it('leaves a service that another gave back, also when it is continued', async () => {
    await using command = swap('shop/api', '--', ...namedWhoami('dev'));
    await command.line(swapped);
    await ask('swap', 'shop/api', '--back');
    await command.line(/was ended by sealane swap --back/);
    const from = sealane.lines.length;
    command.process.kill('SIGCONT');
    expect(await command.end('SIGTERM')).toBe(0);
    expect(command.lines.at(-1)).toMatch(/ended with code 0; shop\/api is given back$/);
    expect(sealane.lines.slice(from).map(({ event }) => event)).not.toContain('stand-in-taken');
  });

  it('ends with the command that never listens, and takes nothing', async () => {
    const { code, stderr } = await runSealane(['swap', 'shop/api', '--admin', admin, '--', 'sh', '-c', 'exit 7']);
    expect([code, stderr]).toEqual([7, expect.stringMatching(/ended with code 7 before it listened on port \d+/)]);
  });

  it('refuses a port where another process listens', async () => {
    const { code, stderr } = await runSealane([
      'swap',
      'shop/api',
      `localhost:${mine}`,
      '--admin',
      admin,
      '--',
      'true',
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/is in use; to swap to what listens there, leave the command out/),
    ]);
  });

  it('sends clients to the containers at once when both the command and the process were killed', async () => {
    await using command = swap('shop/api', '--', ...namedWhoami('dead'));
    await command.line(swapped);
    expect(await whoIs(port)).toBe('dead');
    await command.end('SIGKILL');
    await endOrphan(command);
    const names: string[] = [];
    for (let index = 0; index < 20; index++) names.push(await whoIs(port));
    expect(new Set(names)).toEqual(new Set(['container']));
    expect((await ask('status')).stdout).toContain('own upstreams serve');
    await sealane.line({ event: 'stand-in-ended', service: 'shop/api', level: 'warn' });
  });

  it('fails no connection while it is taken and given back, killed, and its process dies', async () => {
    await using load = startRequestLoad(port, { perSecond: 100 });
    for (let round = 0; round < 3; round++) {
      await using command = swap('shop/api', '--', ...namedWhoami('dev'));
      await load.more('dev', 20);
      expect(await command.end('SIGTERM')).toBe(0);
      await load.more('container', 20);
    }
    await using killed = swap('shop/api', '--', ...namedWhoami('killed'));
    await load.more('killed', 20);
    const from = sealane.lines.length;
    await killed.end('SIGKILL');
    await sealane.line({ event: 'stand-in-ended', level: 'warn', reason: 'its lease of 5s ran out' }, from);
    await load.more('container', 20);
    // The load ends first: the process may still be answering, and what dies with it is no fault of the swap.
    const { made, failed } = await load.stop('container', 'dev', 'killed');
    await endOrphan(killed);
    expect(failed).toEqual({});
    expect(made).toBeGreaterThan(500);
  });
});
