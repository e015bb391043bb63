import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { dialTls } from '../support/sockets/tls.ts';
import { cancelRequest } from './cancels.contract.ts';
import { dial, serveEcho, type Peer } from '../support/sockets/sockets.ts';

/**
 * The behaviour of a relay that may open only a few files, in a process of its own.
 */
const script = fileURLToPath(new URL('../support/sockets/few-files.ts', import.meta.url));

test('sessions of the thread that speaks TLS and of all other threads share one limit of open files', async () => {
  await using server = await serveEcho();
  // Beside the 120 descriptors that are kept free and the 17 pipes there is room for 246 sockets, three listeners among them.
  await using relay = await startRelay('splice', server.port, 400, { endsTls: false });
  await using clients = new AsyncDisposableStack();
  for (let nth = 0; nth < 100; nth++) {
    const client = clients.use(await dialTls(relay.tlsPort, { rejectUnauthorized: false }));
    expect(await client.echo('hello')).toBe('hello');
  }
  const plain: Peer[] = [];
  while (plain.length < 21) {
    const client = clients.use(await dial(relay.plainPort));
    expect(await client.echo('hello')).toBe('hello');
    plain.push(client);
  }
  // One more client waits for a place.
  const last = clients.use(await dial(relay.plainPort));
  const { open, warnings } = await relay.untilWarned();
  expect(open).toBe(121);
  expect(warnings).toEqual([expect.stringContaining('leaves 246 sockets')]);
  plain[0]?.socket.end();
  expect(await last.echo('hello')).toBe('hello');
});

test.each([
  ['plainPort', true],
  ['tlsPort', true],
  ['tlsPort', false],
] as const)(
  'of 400 clients that come at once, each is served in turn where few files may be open (%s, splice ends TLS: %s)',
  async (which, endsTls) => {
    await using server = await serveEcho();
    await using relay = await startRelay('splice', server.port, 256, { endsTls });
    const connect = which === 'tlsPort' ? dialTls : dial;
    const answers = await Promise.all(
      Array.from({ length: 400 }, async () => {
        await using client = await connect(relay[which], { rejectUnauthorized: false });
        const answer = await client.echo('hello');
        return answer;
      }),
    );
    expect(new Set(answers)).toEqual(new Set(['hello']));
    expect((await relay.ask('how are you?')).suspects).toEqual([]);
  },
);

test.each(['stream', 'splice'])(
  'a client waits while no file is left for its dial, which is reported, and no upstream becomes suspect (%s)',
  async (driver) => {
    await using server = await serveEcho();
    await using relay = await startRelay(driver, server.port, 300);
    // All threads have loaded their files once a client of TLS was served.
    const first = await dialTls(relay.tlsPort, { rejectUnauthorized: false });
    expect(await first.echo('hello')).toBe('hello');
    await first[Symbol.asyncDispose]();
    await relay.ask('have no upstream');
    await using client = await dial(relay.plainPort);
    while ((await relay.ask('how are you?')).held === 0);
    await relay.ask('take all files');
    await relay.ask('have an upstream');
    const state = await relay.untilWarned();
    expect(state.held).toBe(1);
    expect(state.suspects).toEqual([]);
    expect(state.warnings).toEqual([expect.stringContaining('EMFILE')]);
    await relay.ask('give them back');
    expect(await client.echo('hello')).toBe('hello');
    expect((await relay.ask('how are you?')).suspects).toEqual([]);
  },
);

test.each(['stream', 'splice'])(
  'requests to cancel queries leave half of the sockets to sessions, however many come (%s)',
  async (driver) => {
    await using server = await serveEcho();
    await using relay = await startRelay(driver, server.port, 300);
    await using clients = new AsyncDisposableStack();
    for (let nth = 0; nth < 100; nth++) {
      const client = await dial(relay.databasePort);
      client.socket.end(cancelRequest);
      client.socket.resume();
      clients.use(client);
    }
    // The server, which never closes first, has all that was delivered at once.
    while ((await relay.ask('how are you?')).open < 8);
    for (let nth = 0; nth < 24; nth++) {
      const client = clients.use(await dial(relay.plainPort));
      expect(await client.echo('hello')).toBe('hello');
    }
  },
);

async function startRelay(driver: string, upstreamPort: number, files: number, { endsTls = true } = {}) {
  const relayArguments = [driver, String(upstreamPort), inject('relayWorker'), String(endsTls)];
  const limited = ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, script, ...relayArguments];
  const relay = spawn('sh', limited, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(relay.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null') as unknown;
  const [tlsPort = 0, plainPort = 0, databasePort = 0] = (await answer()) as number[];
  const ask = async (what: string): Promise<Answer> => {
    relay.stdin.write(`${what}\n`);
    return (await answer()) as Answer;
  };
  return {
    tlsPort,
    plainPort,
    databasePort,
    ask,
    async untilWarned() {
      let state = await ask('how are you?');
      while (state.warnings.length === 0) state = await ask('how are you?');
      return state;
    },
    async [Symbol.asyncDispose]() {
      relay.stdin.end();
      await once(relay, 'exit');
    },
  };
}

interface Answer {
  readonly open: number;
  readonly held: number;
  readonly suspects: readonly unknown[];
  readonly warnings: readonly string[];
}
