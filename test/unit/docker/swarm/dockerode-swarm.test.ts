import { describe, expect, test } from 'vitest';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';
import type { SwarmEvent } from '../../../../src/docker/swarm/swarm-api.ts';
import { startFakeEngine, type FakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { recorded } from './recorded.ts';

async function startManager(): Promise<FakeEngine> {
  const fake = await startFakeEngine();
  const answers = { '/info': 'info-manager', '/services': 'services', '/tasks': 'tasks', '/nodes': 'nodes' };
  for (const [path, name] of Object.entries(answers)) await answer(fake, path, name);
  return fake;
}

async function answer(fake: FakeEngine, path: string, name: string): Promise<void> {
  fake.answer(path, { kind: 'text', status: 200, type: 'application/json', body: await recorded(name) });
}

const onlyLive = { kind: 'live', services: 'all' } as const;

describe('a real Swarm, recorded', () => {
  test('tells of the standing of a manager and of a worker', async () => {
    await using fake = await startManager();
    const { swarm } = createDockerodeEngine(fake.url);
    const clusterId = 'c4lgs52y7izkmjagsq5hx64j3';
    const manager = { state: 'active', isManager: true, nodeId: 'p8k3vcbhs9ml1zccftduziaeh', clusterId };
    expect(await swarm.standing()).toEqual(manager);
    await answer(fake, '/info', 'info-worker');
    const other = createDockerodeEngine(fake.url).swarm;
    expect(await other.standing()).toEqual({ state: 'active', isManager: false, nodeId: 's212h44iqe04lj2rka1prjq9m' });
  });

  test('is not asked for its standing twice in a moment, as at the start of the watch of an engine', async () => {
    await using fake = await startManager();
    const engine = createDockerodeEngine(fake.url);
    await Promise.all([engine.swarm.standing(), engine.installation(), engine.swarm.standing()]);
    expect(fake.requests.filter((request) => request === 'GET /info')).toHaveLength(1);
  });

  test('is not asked where the engine is Podman, which has none', async () => {
    await using fake = await startManager();
    fake.pingHeaders = { 'libpod-api-version': '5.0.0' };
    const engine = createDockerodeEngine(fake.url);
    await engine.ping();
    expect(await engine.swarm.standing()).toEqual({ state: 'inactive', isManager: false });
    expect(fake.requests).not.toContain('GET /info');
  });

  test('tells of its services, with only the labels that Sealane reads', async () => {
    await using fake = await startManager();
    const services = await createDockerodeEngine(fake.url).swarm.services('all');
    const byName = Object.fromEntries(services.map(({ name, ...service }) => [name, service]));
    expect(Object.keys(byName).toSorted()).toEqual(['glob', 'hc', 'missing', 'plain', 'shop_web', 'slow', 'stuck']);
    expect(byName['shop_web']).toEqual({
      id: 'nso6bvhg66v0qoh9dwo36twa4',
      labels: { 'com.docker.stack.namespace': 'shop', 'sealane.listen': '80', 'sealane.port': '9999' },
      template: {
        labels: { 'com.docker.stack.namespace': 'shop', 'sealane.port': '8080', 'sealane.weight': '2' },
        hasHealthcheck: true,
        stopGraceMs: 20_000,
      },
      createdAtMs: Date.parse('2026-11-29T10:43:04.049Z'),
      replicas: 2,
      hostPorts: [{ containerPort: 8080, hostPort: 18_080 }],
      isUpdating: false,
    });
    expect(byName['glob']).not.toHaveProperty('replicas');
    expect(byName['slow']).toMatchObject({ isUpdating: true, template: { stopGraceMs: 30_000 } });
  });

  test('tells of its tasks', async () => {
    await using fake = await startManager();
    const { swarm } = createDockerodeEngine(fake.url);
    const tasks = (await swarm.tasks(onlyLive)) ?? [];
    const byState = Object.groupBy(tasks, ({ desiredState, state }) => `${desiredState}/${state}`);
    expect(byState['shutdown/rejected']).toMatchObject([{ error: 'No such image: lab-none:latest' }]);
    expect(byState['running/pending']).toMatchObject([
      {
        error: 'no suitable node (scheduling constraints not satisfied on 2 nodes)',
        message: expect.any(String) as string,
      },
    ]);
    expect(byState['running/pending']?.[0]).not.toHaveProperty('nodeId');
    const web = byState['running/running']?.filter(({ template }) => 'sealane.weight' in template.labels) ?? [];
    expect(new Set(web.map(({ slot }) => slot))).toEqual(new Set([1, 2]));
    expect(web.find(({ slot }) => slot === 1)).toMatchObject({
      serviceId: 'nso6bvhg66v0qoh9dwo36twa4',
      nodeId: 'p8k3vcbhs9ml1zccftduziaeh',
      containerId: 'ad43b6c1be1adc728558954da79d84500a26add6b0d6a0bfe3102c19256954ae',
      attachments: [
        { networkId: 'w8onwowiftbeluhz0vrhg1xni', networkName: 'ov1', driver: 'overlay', addresses: ['10.201.0.2'] },
      ],
      hostPorts: [{ containerPort: 8080, hostIp: '', hostPort: 18_080 }],
    });
    const [one, two] = web;
    expect(one?.template).toBe(two?.template);
    const service = (await swarm.services('all')).find(({ name }) => name === 'shop_web');
    expect(one?.template).toBe(service?.template);
    expect((await swarm.tasks(onlyLive))?.[0]).toBe(tasks[0]);
  });

  test('tells of its nodes', async () => {
    await using fake = await startManager();
    expect(await createDockerodeEngine(fake.url).swarm.nodes()).toEqual([
      {
        id: 'p8k3vcbhs9ml1zccftduziaeh',
        hostname: 'node1',
        address: '10.77.0.1',
        state: 'ready',
        availability: 'active',
        isManager: true,
      },
      {
        id: 's212h44iqe04lj2rka1prjq9m',
        hostname: 'node2',
        address: '10.77.0.2',
        state: 'ready',
        availability: 'active',
        isManager: false,
      },
    ]);
  });
});

describe('the calls about a Swarm', () => {
  test('ask for live tasks, of all services or some, or for tasks by their ids; a hundred at a time', async () => {
    await using fake = await startManager();
    const { swarm } = createDockerodeEngine(fake.url);
    const live = ['running', 'ready', 'accepted', 'complete'];
    await swarm.tasks(onlyLive);
    await swarm.tasks({ kind: 'live', services: ['web', 'api'] });
    await swarm.tasks({ kind: 'ids', ids: Array.from({ length: 150 }, (_, index) => `t${index}`) });
    await swarm.services('all');
    await swarm.services(['web']);
    await swarm.services([]);
    await swarm.nodes();
    const asked = fake.queries.flatMap((query, index) => {
      const path = fake.requests[index] ?? '';
      return /services|tasks|nodes/.test(path) ? [[path, JSON.parse(query.get('filters') ?? '{}') as unknown]] : [];
    });
    expect(asked).toEqual([
      ['GET /tasks', { 'desired-state': live }],
      ['GET /tasks', { 'desired-state': live, service: ['web', 'api'] }],
      ['GET /tasks', { id: Array.from({ length: 100 }, (_, index) => `t${index}`) }],
      ['GET /tasks', { id: Array.from({ length: 50 }, (_, index) => `t${100 + index}`) }],
      ['GET /services', {}],
      ['GET /services', { id: ['web'] }],
      ['GET /nodes', {}],
    ]);
  });

  test('fail where a list does not come to its end before it fills the memory', async () => {
    await using fake = await startManager();
    const body = `[${'{},'.repeat(1_100_000)}{}]`;
    fake.answer('/services', { kind: 'text', status: 200, type: 'application/json', body });
    await expect(createDockerodeEngine(fake.url).swarm.services('all')).rejects.toThrow(
      'answers GET /services with a list of more than 256 MiB',
    );
  });

  test('for the tasks of services tell of none where one of these is gone', async () => {
    await using fake = await startManager();
    const body = JSON.stringify({ message: 'service web not found' });
    fake.answer('/tasks', { kind: 'text', status: 404, type: 'application/json', body });
    const { swarm } = createDockerodeEngine(fake.url);
    expect(await swarm.tasks({ kind: 'live', services: ['web', 'api'] })).toBeUndefined();
    await expect(swarm.tasks(onlyLive)).rejects.toThrow('not found');
  });

  test('fail with what the engine says where it is no manager', async () => {
    await using fake = await startManager();
    const message = "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.";
    const body = JSON.stringify({ message });
    fake.answer('/tasks', { kind: 'text', status: 503, type: 'application/json', body });
    const call = createDockerodeEngine(fake.url).swarm.tasks(onlyLive);
    await expect(call).rejects.toMatchObject({ kind: 'refused', message: expect.stringContaining(message) as string });
  });

  test('that are not answered may wait for a leader of the Swarm', async () => {
    await using fake = await startManager();
    fake.answer('/services', { kind: 'hang' });
    const { swarm } = createDockerodeEngine(fake.url, { deadlineMs: 200 });
    // The deadline grows with the engine's pace.
    const message = /gave no answer to GET \/services within [\d.]+ s: has its Swarm a leader\?$/;
    await expect(swarm.services('all')).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
  });

  test('tell once of what can not be understood', async () => {
    await using fake = await startManager();
    const problems: string[] = [];
    const body = JSON.stringify([{ ID: 'x' }]);
    fake.answer('/nodes', { kind: 'text', status: 200, type: 'application/json', body });
    const { swarm } = createDockerodeEngine(fake.url, { onProblem: (problem) => problems.push(problem) });
    for (let times = 0; times < 3; times += 1) expect(await swarm.nodes()).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/^node x of the Swarm cannot be understood and is left out \(Spec/),
    ]);
  });
});

describe('the events of a Swarm', () => {
  test('tell what to ask for again', async () => {
    await using fake = await startFakeEngine();
    const { swarm } = createDockerodeEngine(fake.url);
    const ending = new AbortController();
    const heard: SwarmEvent[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const onEvent = (event: SwarmEvent): void => {
      heard.push(event);
      if (heard.length === 4) resolve();
    };
    const following = swarm.events({ onOpen: opened.resolve, onEvent }, ending.signal);
    await opened.promise;
    const line = (json: unknown): Buffer => Buffer.from(`${JSON.stringify(json)}\n`);
    fake.write(line({ Type: 'service', Action: 'create', Actor: { ID: 'web', Attributes: { name: 'shop_web' } } }));
    fake.write(line({ Type: 'node', Action: 'update', Actor: { ID: 'n1' }, scope: 'swarm' }));
    fake.write(Buffer.from('nonsense\n'));
    fake.write(line({ Type: 'secret', Actor: { ID: 's' } }));
    await promise;
    expect(heard).toEqual([
      { kind: 'service', id: 'web' },
      { kind: 'node' },
      { kind: 'unreadable' },
      { kind: 'unreadable' },
    ]);
    ending.abort(new Error('stopped'));
    await expect(following).rejects.toThrow('aborted');
    const at = fake.requests.indexOf('GET /events');
    expect(JSON.parse(fake.queries[at]?.get('filters') ?? '')).toEqual({
      type: ['service', 'node'],
      event: ['create', 'update', 'remove'],
    });
  });

  test('end with the stream', async () => {
    await using fake = await startFakeEngine();
    const { swarm } = createDockerodeEngine(fake.url);
    const opened = Promise.withResolvers<void>();
    const following = swarm.events({ onOpen: opened.resolve, onEvent: () => {} }, new AbortController().signal);
    await opened.promise;
    fake.cutStreams();
    await Promise.allSettled([following]);
    expect(fake.openStreams).toBe(0);
  });
});
