import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createConnection, createServer, type Server } from 'node:net';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { askSealane } from '../support/sealane/ask.ts';
import { hasFields, runSealane, startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { serve, type TestServer } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Answers each connection with its name and ends it. */
function named(name: string, port = 0): Promise<TestServer> {
  return serve(({ socket }) => void socket.end(name), port);
}

async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

async function ask(port: number): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

it('is built as a program that a link to it can run', async () => {
  expect((await stat('dist/main.js')).mode & 0o111).toBe(0o111);
});

describe('sealane HOST:PORT …', () => {
  it('prints its port and balances over the endpoints, and opens no admin address with --admin off', async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using sealane = startSealane(`localhost:${a.port}`, `127.0.0.1:${b.port}`, '--balance', 'round-robin');
    const port = Number(await sealane.firstOutput());
    const answers = new Set<string>();
    for (let round = 0; round < 6; round += 1) answers.add(await ask(port));
    // Which of the two serves how often is not told: a slow machine may need a second dial.
    expect([...answers].toSorted()).toEqual(['a', 'b']);
    expect(await sealane.stop()).toBe(0);
    expect(sealane.output).toEqual([String(port)]);
    expect(sealane.lines.some((line) => hasFields(line, { event: /^admin-/ }))).toBe(false);
  });

  it('serves the endpoints that resolve, and reports a name that does not', async () => {
    await using a = await named('a');
    await using sealane = startSealane('relay', 'live-test.invalid:80', `localhost:${a.port}`);
    const port = Number(await sealane.firstOutput());
    expect(await ask(port)).toBe('a');
    await sealane.line({ event: 'problem', code: 'name-unresolved', subject: 'relay' });
  });

  it('takes every option of a route as a flag', async () => {
    const flags = ['--hold', '1ms', '--health.interval', '1s', '--health', 'tcp', '--max-connections.service', '5'];
    await using sealane = startSealane('relay', `127.0.0.1:${await freePort()}`, ...flags);
    expect(await ask(Number(await sealane.firstOutput())).catch(() => '')).toBe('');
    const { session } = await sealane.line({ event: 'session' });
    expect(session).toMatchObject({ service: 'relay', reason: 'hold-expired' });
  });

  it('holds a client until an endpoint listens', async () => {
    const late = await freePort();
    await using sealane = startSealane(`127.0.0.1:${late}`);
    const answer = ask(Number(await sealane.firstOutput()));
    await using server = await named('late', late);
    expect(await answer).toBe('late');
    expect(server.peers).not.toHaveLength(0);
    const record = await sealane.line({ event: 'session' });
    expect(record['session']).toMatchObject({ service: 'relay', bytesDown: 4, reason: 'finished' });
  });

  it('exits with 1 and the reason when its port is taken', async () => {
    await using taken = await named('taken');
    const { code, stderr } = await runSealane(['localhost:1', '--listen', String(taken.port), '--log-level', 'silent']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sealane: cannot listen on \d+: .*\n$/);
  });
});

describe('the admin address', () => {
  it('answers `sealane health`', async () => {
    await using a = await named('a');
    const admin = await freePort();
    await using on = startSealane(`127.0.0.1:${a.port}`, '--admin', `127.0.0.1:${admin}`);
    await on.firstOutput();
    expect(await askSealane(['health', '--admin', `127.0.0.1:${admin}`])).toMatchObject({ code: 0 });
    expect((await askSealane(['health', '--admin', 'off'])).code).toBe(2);
  });
});

describe('static services', () => {
  it('come from the file and follow it when it changes, without dropping sessions', async () => {
    await using folder = await tempFolder();
    await using a = await named('a');
    await using b = await named('b');
    const listen = await freePort();
    const config = (port: number): string =>
      `services:\n  db:\n    listen: ${listen}\n    upstreams: [127.0.0.1:${port}]\n`;
    const path = await folder.write('sealane.yaml', config(a.port));
    await using sealane = startSealane('run', '--docker', 'none', '--config', path);
    await sealane.line({ event: 'route-opened', service: 'db' });
    expect(await ask(listen)).toBe('a');
    await folder.write('sealane.yaml', 'services: [');
    await sealane.line({ event: 'problem', code: 'config-invalid' });
    expect(await ask(listen)).toBe('a');
    await folder.write('sealane.yaml', config(b.port));
    // The log line and the relay thread get the change at the same moment.
    await vi.waitFor(async () => expect(await ask(listen)).toBe('b'), { timeout: 5_000, interval: 1 });
  });

  it('whose port is taken are a problem until the port is free, and do not affect other services', async () => {
    await using folder = await tempFolder();
    await using a = await named('a');
    const other = await freePort();
    const taken = await named('taken');
    const service = (name: string, listen: number): string =>
      `  ${name}:\n    listen: ${listen}\n    upstreams: [127.0.0.1:${a.port}]\n`;
    const path = await folder.write('sealane.yaml', `services:\n${service('one', taken.port)}${service('two', other)}`);
    await using sealane = startSealane('--docker', 'none', '--config', path);
    await sealane.line({ event: 'problem', code: 'listen-failed', subject: `127.0.0.1:${taken.port}` });
    expect(await ask(other)).toBe('a');
    await taken[Symbol.asyncDispose]();
    await sealane.line({ event: 'problem-solved', subject: `127.0.0.1:${taken.port}` });
    expect(await ask(taken.port)).toBe('a');
  });
});

describe('bad input is answered in one line with the fix, and the right exit code', () => {
  it.each([
    [['--frobnicate'], 2, /unknown option '--frobnicate'/],
    [['--log-levle', 'debug'], 2, /Did you mean --log-level\?/],
    [['statsu'], 2, /"statsu" is neither a command \(did you mean "status"\?\) nor HOST:PORT/],
    [['demoo'], 2, /did you mean "demo"\?/],
    [['localhost:99999'], 2, /"localhost:99999" must be HOST:PORT/],
    [['ho st:80'], 2, /"ho st:80" must be HOST:PORT/],
    [['localhost:80', '--listen', 'here'], 2, /--listen must be a port or IP:port, not "here"/],
    [
      ['localhost:80', '--balance', 'fastest'],
      2,
      /--balance must be least-connections, round-robin, random, source-hash or first/,
    ],
    [['localhost:80', '--hold', '10'], 2, /--hold must be .*, not "10"/],
    [['localhost:80', '--health', 'ping'], 2, /--health must be docker, tcp, none or http:\/path, not "ping"/],
    [['run', '--max-connections.client', '4'], 2, /--max-connections.client goes with endpoints/],
    [['relay'], 2, /missing required argument 'endpoints'/],
    [['run', '--workers', 'x'], 2, /--workers must be a whole number, 1-64, not "x"/],
    [['run', '--docker', 'ftp://x'], 2, /--docker must be unix:/],
    [['run', '--docker', 'none'], 2, /nothing to do/],
    [['run', '--config', '/nowhere.yaml'], 2, /cannot read \/nowhere\.yaml: there is no such file/],
    [['run', '--listen', '80'], 2, /--listen goes with endpoints/],
    [['whoami', '--port', 'x'], 2, /--port must be a port/],
    [['health', '--admin', '127.0.0.1:1'], 1, /not ready: no Sealane answers at 127\.0\.0\.1:1/],
  ] as const)('%j', async (args, expectedCode, message) => {
    const { code, stdout, stderr } = await askSealane(args);
    const said = stdout + stderr;
    expect(said).toMatch(message);
    expect(said.trimEnd()).not.toContain('\n');
    expect(code).toBe(expectedCode);
  });

  it('an unreadable or malformed file', async () => {
    await using folder = await tempFolder();
    const bad = await folder.write('bad.yaml', 'services:\n  db:\n    lisen: 5432\n');
    const { code, stderr } = await askSealane(['--config', bad]);
    expect(stderr).toBe(`sealane: ${bad}:3:5: unknown option "lisen" (did you mean "listen"?)\n`);
    expect(code).toBe(2);
  });

  it('several mistakes, each in its own line', async () => {
    const { code, stderr } = await askSealane(['run', '--workers', '0', '--scope', 'projcet']);
    expect(stderr).toMatch(/^sealane: --scope .* \(did you mean "project"\?\)\nsealane: --workers .*\n$/);
    expect(code).toBe(2);
  });

  it('an engine that answers nonsense', async () => {
    await using folder = await tempFolder();
    const socket = join(folder.path, 'engine.sock');
    const server = createHttpServer((_request, response) => response.end('<html>hello</html>')).listen(socket);
    await once(server, 'listening');
    try {
      const { code, stderr } = await runSealane(['--docker', `unix://${socket}`]);
      expect(stderr).toMatch(/^sealane: .*\n$/);
      expect(stderr).toContain(socket);
      expect(code).toBe(2);
    } finally {
      await closed(server);
    }
  });

  it.skipIf(process.getuid?.() !== 0)('a socket without permission', async () => {
    await using folder = await tempFolder();
    const socket = join(folder.path, 'engine.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o600);
    await chmod(folder.path, 0o755);
    try {
      const { code, stderr } = await runSealane(['--docker', `unix://${socket}`], {}, { uid: 65_534 });
      expect(stderr).toMatch(/^sealane: .*permission.*\n$/i);
      expect(code).toBe(2);
    } finally {
      await closed(server);
    }
  });
});

describe('an engine that is out of reach', () => {
  it('is retried while static services are served', async () => {
    await using folder = await tempFolder();
    await using a = await named('a');
    const listen = await freePort();
    const path = await folder.write(
      'sealane.yaml',
      `services:\n  db:\n    listen: ${listen}\n    upstreams: [127.0.0.1:${a.port}]\n`,
    );
    await using sealane = startSealane('--docker', `unix://${folder.path}/none.sock`, '--config', path);
    await sealane.line({ event: 'engine-unreachable', reason: /none\.sock/ });
    await sealane.line({ event: 'route-opened', service: 'db' });
    expect(await ask(listen)).toBe('a');
    expect(await sealane.stop()).toBe(0);
  });
});

describe('help', () => {
  it('lists the commands and every setting', async () => {
    const { code, stdout } = await askSealane(['run', '--help']);
    expect(code).toBe(0);
    for (const flag of ['--docker', '--config', '--scope', '--bind', '--workers', '--log-level'])
      expect(stdout).toContain(flag);
  });

  it('prints the version', async () => {
    expect(await runSealane(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('prints with --json also the commit, Node, the platform and which drivers are possible', async () => {
    const { code, stdout } = await askSealane(['--version', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        version: '0.1.0',
        commit: expect.stringMatching(/^[0-9a-f]{40}(?:-dirty)?$/),
        node: process.versions.node,
        platform: process.platform,
        arch: process.arch,
        drivers: {
          splice: {
            possible: process.platform === 'linux',
            reason: process.platform === 'linux' ? null : expect.any(String),
          },
          stream: { possible: true, reason: null },
        },
      },
    ]);
  });
});
