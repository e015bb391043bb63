import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import type { EngineError } from '../../../../src/docker/engine.ts';
import { html, startFakeEngine, type Answer } from '../../../support/fake-engine/fake-engine.ts';

async function failure(promise: Promise<unknown>): Promise<Pick<EngineError, 'kind' | 'message'>> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason as EngineError,
  );
  expect(error.message).not.toContain('\n');
  return error as EngineError;
}

describe('a failing engine call says in one line what to do', () => {
  test('start Docker or mount the socket, when there is no socket', async () => {
    const engine = createDockerodeEngine('unix:///nowhere/docker.sock');
    expect(await failure(engine.ping())).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('no engine socket at /nowhere/docker.sock') as string,
    });
  });

  test('start the engine or mount the socket’s directory, when no process listens on the socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sealane-dead-'));
    const path = join(folder, 'docker.sock');
    // A process that dies without closing leaves its socket file behind.
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    try {
      expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow('Command failed');
      const engine = createDockerodeEngine(`unix://${path}`);
      expect(await failure(engine.ping())).toMatchObject({
        kind: 'unreachable',
        message: expect.stringContaining('mount its directory') as string,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('check the engine and its port, when TCP is refused', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const engine = createDockerodeEngine(`tcp://127.0.0.1:${port}`);
    expect(await failure(engine.ping())).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('nothing listens') as string,
    });
  });

  test('use the port without TLS, when the engine does not speak TLS', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    try {
      const engine = createDockerodeEngine(`https://127.0.0.1:${port}`);
      expect(await failure(engine.ping())).toMatchObject({
        kind: 'unreachable',
        message: expect.stringContaining('TLS') as string,
      });
    } finally {
      server.close();
    }
  });

  test('check the address, when the server does not speak HTTP', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9\r\n'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    try {
      const engine = createDockerodeEngine(`tcp://127.0.0.1:${port}`);
      expect(await failure(engine.ping())).toMatchObject({
        kind: 'nonsense',
        message: expect.stringContaining('does not speak HTTP') as string,
      });
    } finally {
      server.close();
    }
  });

  test('install ssh, when there is no ssh command', async () => {
    const engine = createDockerodeEngine('ssh://far', { ssh: ['/nowhere/ssh'] });
    expect((await failure(engine.ping())).message).toContain('ssh command, which is not installed');
  });

  test('check ssh, with its last line of output, when ssh fails', async () => {
    const script = `console.error('Permission denied (publickey).'); process.exit(255)`;
    const engine = createDockerodeEngine('ssh://far', { ssh: [process.execPath, '-e', script, '--'] });
    expect((await failure(engine.ping())).message).toContain('Permission denied (publickey).');
  });

  const forbidden: Answer = { kind: 'text', status: 403, type: 'text/html', body: '<h1>403 Forbidden</h1>' };

  test.each([
    ['/containers/json', forbidden, 'refused', 'it must allow GET /_ping, /events, /containers/json'],
    ['/containers/json', html, 'nonsense', 'is it a Docker engine?'],
    ['/containers/json', text(200, '{"a":1}'), 'nonsense', 'not a list'],
    ['/containers/json', text(500, '{"message":"disk full"}'), 'refused', 'disk full'],
    ['/containers/json', text(404, 'page not found'), 'nonsense', 'HTTP 404'],
    ['/containers/json', { kind: 'cut' } satisfies Answer, 'unreachable', 'cannot be reached'],
    ['/containers/json', { kind: 'hang' } satisfies Answer, 'timeout', 'gave no answer to GET /containers/json within'],
    ['/_ping', html, 'nonsense', 'It works!'],
    ['/_ping', forbidden, 'refused', 'socket proxy'],
    ['/_ping', { kind: 'hang' } satisfies Answer, 'timeout', 'gave no answer to GET /_ping within'],
  ] as const)('%s answered with %o', async (path, answer, kind, part) => {
    await using fake = await startFakeEngine();
    fake.answer(path, answer);
    const engine = createDockerodeEngine(fake.url, { deadlineMs: 200, pingDeadlineMs: 200 });
    expect(await failure(engine.list())).toMatchObject({ kind, message: expect.stringContaining(part) as string });
  });

  test.each([
    [forbidden, 'refused', 'GET /events with HTTP 403'],
    [html, 'nonsense', 'It works!'],
    [{ kind: 'hang' } satisfies Answer, 'timeout', 'gave no answer to GET /events within'],
  ] as const)('events answered with %o', async (answer, kind, part) => {
    await using fake = await startFakeEngine();
    fake.answer('/events', answer);
    const engine = createDockerodeEngine(fake.url, { deadlineMs: 200 });
    const opened = engine.ping().then(() => engine.events(undefined, new AbortController().signal));
    expect(await failure(opened)).toMatchObject({ kind, message: expect.stringContaining(part) as string });
  });

  test('an unreadable inspect is an error, and does not mean that the container is gone', async () => {
    await using fake = await startFakeEngine();
    const id = fake.run();
    const engine = createDockerodeEngine(fake.url);
    fake.answer(`/containers/${id}/json`, text(200, '{"Id":"x"}'));
    expect(await failure(engine.inspect(id))).toMatchObject({ kind: 'nonsense' });
    fake.answer(`/containers/${id}/json`, text(404, '<html>no such page</html>'));
    expect(await failure(engine.inspect(id))).toMatchObject({ kind: 'nonsense' });
  });

  test('a redirect is not followed, even one that would end the process', async () => {
    await using fake = await startFakeEngine();
    const headers = { location: 'ftp://127.0.0.1:1/' };
    fake.answer('/_ping', { kind: 'text', status: 301, type: 'text/plain', body: 'moved', headers });
    expect(await failure(createDockerodeEngine(fake.url).ping())).toMatchObject({ kind: 'nonsense' });
  });

  test('an engine that does not answer in time is waited for longer with each call', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url, { deadlineMs: 300 });
    await engine.ping();
    fake.answer('/containers/json', { kind: 'hang' });
    // A deadline begins with room for three times what the ping took, which a busy machine makes longer.
    const waited: number[] = [];
    for (let call = 0; call < 3; call++) {
      const error = await failure(engine.list());
      expect(error).toMatchObject({ kind: 'timeout', message: expect.stringMatching(/ within [\d.]+ s:/) as string });
      waited.push(Number(/ within ([\d.]+) s:/.exec(error.message)?.[1]));
    }
    const [first = NaN, second = NaN, third = NaN] = waited;
    expect(first).toBeGreaterThanOrEqual(0.3);
    // Two digits are told of each.
    expect(second / first).toBeCloseTo(2, 0);
    expect(third / second).toBeCloseTo(2, 0);
  });

  test('a call that is aborted settles at once', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    await engine.ping();
    fake.answer('/containers/json', { kind: 'hang' });
    const ending = new AbortController();
    const listed = failure(engine.list(ending.signal));
    await fake.requested('/containers/json', 1);
    ending.abort();
    expect(await listed).toMatchObject({ kind: 'unreachable' });
  });
});

function text(status: number, body: string): Answer {
  return { kind: 'text', status, type: 'application/json', body };
}
