import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dockerDialect } from '../../../../src/docker/dialect.ts';
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
    expect(await engine.ping()).toMatchObject({ apiVersion: '1.41', dialect: dockerDialect });
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

  test('tells the drivers of networks, and asks once for each network', async () => {
    await using fake = await startFakeEngine();
    const engine = createDockerodeEngine(fake.url);
    const ids = [fake.run({ name: 'web' }), fake.run({ name: 'db' })];
    const answers = await Promise.all([...ids, ...ids].map((id) => engine.inspect(id)));
    for (const facts of answers) expect(facts?.networking).toMatchObject({ attachments: [{ driver: 'bridge' }] });
    expect(fake.requests.filter((request) => request.startsWith('GET /networks/'))).toEqual([
      'GET /networks/net-bridge',
    ]);
  });

  test.each([
    ['version 2 of control groups', 200, { usage: 300, stats: { inactive_file: 100 } }, 200],
    ['version 1', 200, { usage: 300, stats: { inactive_file: 1, total_inactive_file: 120 } }, 180],
    ['no files in memory', 200, { usage: 300 }, 300],
    ['a container that does not run', 200, {}, undefined],
    ['nonsense', 200, { usage: 'much', stats: 7 }, undefined],
    ['a container that is gone', 404, 'No such container: web', undefined],
  ])('reads how much memory a container uses: %s', async (_, status, told, memoryBytes) => {
    await using fake = await startFakeEngine();
    const id = fake.run({ name: 'web' });
    const body = JSON.stringify(typeof told === 'string' ? { message: told } : { memory_stats: told });
    fake.answer(`/containers/${id}/stats`, { kind: 'text', status, type: 'application/json', body });
    expect(await createDockerodeEngine(fake.url).memoryOf(id)).toBe(memoryBytes);
  });

  test.each([
    ['a proxy forbids the call', { status: 403, body: 'Forbidden' }],
    ['the network is gone', { status: 404, body: '{"message":"no such network"}' }],
    ['the answer is none', { status: 200, body: '{"Driver":7}' }],
  ])('tells no driver where %s, and does not ask again', async (_, { status, body }) => {
    await using fake = await startFakeEngine();
    fake.answer('/networks/net-bridge', { kind: 'text', status, type: 'application/json', body });
    const engine = createDockerodeEngine(fake.url);
    const id = fake.run({ name: 'web' });
    for (const facts of [await engine.inspect(id), await engine.inspect(id)]) {
      expect(facts?.networking).toEqual({
        kind: 'networks',
        attachments: [{ name: 'bridge', networkId: 'net-bridge', ipv4: '172.17.0.2' }],
      });
    }
    expect(fake.requests.filter((request) => request.startsWith('GET /networks/'))).toHaveLength(1);
  });

  test.each([
    ['was cut off', { kind: 'cut' }],
    ['failed', { kind: 'text', status: 500, type: 'application/json', body: '{"message":"busy"}' }],
    ['came from a proxy without its engine', { kind: 'text', status: 502, type: 'text/html', body: '<p>Bad gateway' }],
  ] as const)('asks again for a driver where the answer %s', async (_, answer) => {
    await using fake = await startFakeEngine();
    fake.answer('/networks/net-bridge', answer);
    const engine = createDockerodeEngine(fake.url);
    const id = fake.run({ name: 'web' });
    expect((await engine.inspect(id))?.networking).not.toHaveProperty('attachments.0.driver');
    fake.answer('/networks/net-bridge', undefined);
    expect((await engine.inspect(id))?.networking).toHaveProperty('attachments.0.driver', 'bridge');
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
    expect(await engine.ping()).toMatchObject({ apiVersion: '1.52' });
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

  test('has no limit that the labels or variables of others can reach', async () => {
    await using fake = await startFakeEngine();
    const problems: string[] = [];
    const engine = createDockerodeEngine(fake.url, { onProblem: (problem) => problems.push(problem) });
    const foreign = { note: 'x'.repeat(8_000_000), 'com.docker.compose.project': 'y'.repeat(10_000) };
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`note.${index}`, 'z'.repeat(30)]));
    const id = fake.run();
    fake.alter(id, { labels: { 'sealane.port': '80', ...foreign, ...many }, env: [`SECRET=${foreign.note}`] });
    for (let index = 1; index < 9; index += 1) fake.alter(fake.run({ labels: {} }), { labels: foreign });
    const rows = await engine.list();
    expect(rows.map(({ labels }) => ({ ...labels }))).toEqual([
      { 'sealane.port': '80' },
      ...Array.from({ length: 8 }, () => ({})),
    ]);
    expect(rows.map(({ names }) => names[0])).toEqual([...fake.containers.values()].map(({ name }) => name));
    expect(await engine.inspect(id)).toMatchObject({ id, exposedPorts: [80], labels: { 'sealane.port': '80' } });
    expect(problems).toEqual([]);
  });

  test('leaves out only the container whose own labels are too large, and says which', async () => {
    await using fake = await startFakeEngine();
    const problems: string[] = [];
    const engine = createDockerodeEngine(fake.url, { onProblem: (problem) => problems.push(problem) });
    const good = fake.run();
    const bad = fake.run();
    fake.alter(bad, { labels: { 'sealane.port': '80', 'sealane.allow': '192.0.2.0/24,'.repeat(100_000) } });
    expect((await engine.list()).map(({ id }) => id)).toEqual([good]);
    expect(problems).toEqual([expect.stringContaining(`container ${bad.slice(0, 12)} in the container list`)]);
    await expect(engine.inspect(bad)).rejects.toMatchObject({
      kind: 'nonsense',
      message: expect.stringContaining('more than 1 MiB') as string,
    });
  });

  test('reads the labels of the prefix that is set', async () => {
    await using fake = await startFakeEngine();
    fake.run({ labels: { 'lane.port': '80', 'sealane.port': '81' } });
    const [row] = await createDockerodeEngine(fake.url, { labelPrefix: 'lane' }).list();
    expect({ ...row?.labels }).toEqual({ 'lane.port': '80' });
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
      const engine = createDockerodeEngine(`tcp://127.0.0.1:${port}`);
      expect(await engine.list()).toEqual([]);
    } finally {
      relay.close();
    }
  });
});
