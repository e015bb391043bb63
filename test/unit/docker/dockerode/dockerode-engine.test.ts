import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import { startFakeEngine } from '../../../support/fake-engine/fake-engine.ts';

afterEach(() => vi.unstubAllEnvs());

async function firstChunk(body: Readable): Promise<string> {
  const [chunk] = (await once(body, 'data')) as [Buffer];
  return chunk.toString('utf8');
}

describe('the engine client', () => {
  test('lists, inspects and follows the events of an engine on a unix socket', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    const id = fake.run({ name: 'web' });
    expect(await engine.ping()).toEqual({ apiVersion: '1.41' });
    expect(await engine.list()).toMatchObject([{ id, names: ['web'], addresses: ['172.17.0.2'] }]);
    expect(await engine.inspect(id)).toMatchObject({ id, name: 'web', state: 'running', exposedPorts: [80] });
    expect(await engine.inspect('web')).toMatchObject({ id });
    expect(await engine.installation?.()).toEqual({ platform: 'Fake Engine', rootless: false });
    const ending = new AbortController();
    const body = await engine.events(undefined, ending.signal);
    const chunk = firstChunk(body);
    fake.die(id);
    expect(await chunk).toContain('"Action":"die"');
    const closed = new Promise((resolve) => body.once('close', resolve).on('error', () => {}));
    ending.abort();
    await closed;
  });

  test('speaks the version that the engine offers, from the first call on', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    await engine.list();
    expect(fake.requests).toEqual(['GET /_ping', 'GET /containers/json']);
    expect(fake.versions).toEqual(['', 'v1.41']);
  });

  test('speaks another version after an upgrade of the engine, once it has pinged again', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    await engine.ping();
    await fake.down();
    fake.apiVersion = '1.99';
    await fake.up();
    expect(await engine.ping()).toEqual({ apiVersion: '1.52' });
    await engine.list();
    expect(fake.versions.at(-1)).toBe('v1.52');
  });

  test('goes on with an engine that restarted at the same path', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    await engine.list();
    await fake.down();
    await expect(engine.list()).rejects.toMatchObject({ kind: 'unreachable' });
    await fake.up();
    expect(await engine.list()).toEqual([]);
  });

  test('uses only the address that it was given, whatever DOCKER_HOST and its companions contain', async () => {
    await using fake = await startFakeEngine();
    vi.stubEnv('DOCKER_HOST', 'nonsense: not an address');
    vi.stubEnv('DOCKER_CERT_PATH', '/nowhere');
    vi.stubEnv('DOCKER_TLS_VERIFY', '1');
    vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
    const engine = createDockerodeEngine(fake.url);
    expect(await engine.list()).toEqual([]);
    expect(process.env['DOCKER_HOST']).toBe('nonsense: not an address');
  });

  test('returns no container for an id that the engine does not know', async () => {
    await using fake = await startFakeEngine();
    expect(await createDockerodeEngine(fake.url).inspect('f'.repeat(64))).toBeUndefined();
  });

  test('sends an id as one path segment, whatever it contains', async () => {
    await using fake = await startFakeEngine();
    expect(await createDockerodeEngine(fake.url).inspect('../images?x')).toBeUndefined();
    expect(fake.requests.at(-1)).toBe('GET /containers/..%2Fimages%3Fx/json');
  });

  test('leaves out a row of the list that it cannot understand, and reports it', async () => {
    await using fake = await startFakeEngine();
    const problems: string[] = [];
    const engine = createDockerodeEngine(fake.url, { onProblem: (problem) => problems.push(problem) });
    const body = JSON.stringify([{ Id: 'a'.repeat(64) }, { Id: 7 }, null]);
    fake.answer('/containers/json', { kind: 'text', status: 200, type: 'application/json', body });
    expect(await engine.list()).toMatchObject([{ id: 'a'.repeat(64) }]);
    expect(problems).toHaveLength(2);
  });

  test('resumes the events at the given time', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    fake.run();
    const ending = new AbortController();
    const body = await engine.events('1767225600.000000001', ending.signal);
    expect(await firstChunk(body)).toContain('"Action":"create"');
    body.on('error', () => {});
    ending.abort();
  });

  test('reaches an engine over TCP', async () => {
    await using fake = await startFakeEngine();
    const relay = createServer((socket) => {
      const inner = connect(fake.url.slice('unix://'.length));
      socket.pipe(inner).pipe(socket);
      socket.on('error', () => inner.destroy());
      inner.on('error', () => socket.destroy());
    });
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const { port } = relay.address() as { port: number };
    try {
      const engine = createDockerodeEngine(`tcp://127.0.0.1:${port}`, { environment: {} });
      expect(await engine.list()).toEqual([]);
    } finally {
      relay.close();
    }
  });

  test('reaches an engine over ssh, as the docker command does, and keeps the connection for the next call', async () => {
    await using fake = await startFakeEngine();
    const folder = await mkdtemp(join(tmpdir(), 'sealane-ssh-'));
    const script = join(folder, 'ssh.mjs');
    const log = join(folder, 'log');
    await writeFile(
      script,
      `import { connect } from 'node:net'; import { appendFileSync } from 'node:fs';
       appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(' ') + '\\n');
       const engine = connect(${JSON.stringify(fake.url.slice('unix://'.length))});
       process.stdin.pipe(engine).pipe(process.stdout);`,
    );
    try {
      const engine = createDockerodeEngine('ssh://me@far:2222', { ssh: [process.execPath, script] });
      expect(await engine.list()).toEqual([]);
      expect(await engine.list()).toEqual([]);
      const logged = (await readFile(log, 'utf8')).trim().split('\n');
      expect(logged).toHaveLength(1);
      expect(logged[0]).toMatch(/ -l me -p 2222 -- far docker system dial-stdio$/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
