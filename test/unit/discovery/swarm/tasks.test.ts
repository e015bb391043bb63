import { describe, expect, it, test } from 'vitest';
import type { Vantage } from '../../../../src/docker/facts.ts';
import type { SwarmSnapshot, SwarmTask, SwarmView } from '../../../../src/docker/swarm/facts.ts';
import { createDiscoverer, type Discovery } from '../../../../src/discovery/discover.ts';
import { isTaskAlive } from '../../../../src/discovery/swarm/task-stage.ts';
import { createTaskDiscoverer, type TaskRules } from '../../../../src/discovery/swarm/tasks.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../../support/facts.ts';
import { catalogOf } from '../../../support/sealane/admin-source.ts';
import {
  byId,
  containerIdOf,
  swarmNode,
  swarmService,
  swarmTask,
  swarmView,
  taskLabels,
  template,
} from '../../../support/swarm/facts.ts';

const rules: TaskRules = { labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' };
const onOverlay = inContainer(['ov']);
const stack = { 'com.docker.stack.namespace': 'shop' };

function discover(swarm: SwarmView, vantage: Vantage = onOverlay, more: Partial<TaskRules> = {}) {
  return createTaskDiscoverer({ ...rules, ...more })({ vantage, swarm });
}

const web = swarmService('shop_web', { labels: { 'sealane.port': '80', ...stack } });

function discoverTask(over: Parameters<typeof swarmTask>[1], vantage: Vantage = onOverlay, service = web) {
  return discover(swarmView([service], [swarmTask(service, over)]), vantage);
}

describe('a task on another node', () => {
  it('is an upstream of its service, at its address on the overlay that Sealane is on', () => {
    const { declarations, problems } = discoverTask({ slot: 2 });
    expect(problems).toEqual([]);
    expect(declarations).toMatchObject([
      {
        service: 'shop/web',
        listen: { host: '127.0.0.1', port: 80 },
        upstream: {
          key: 'shop_web2@task:80',
          run: { id: containerIdOf('shop_web2'), startedAtNs: 0n, task: { id: 'shop_web2', serviceId: web.id } },
          name: 'shop_web.2.shop_web2',
          task: { service: 'shop_web', name: 'shop_web.2', slot: 2, node: 'host-b', desired: 'running' },
          endpoints: [{ host: '10.0.1.9', port: 80, isDirect: true }],
          condition: { kind: 'running', health: 'none' },
          health: { kind: 'readiness' },
          drainMs: 10_000,
        },
        declaredBy: { kind: 'container', id: containerIdOf('shop_web2'), project: 'shop' },
      },
    ]);
  });

  it('is on another machine than Sealane, for pools that prefer local upstreams', () => {
    expect(discoverTask({}).declarations[0]?.upstream?.isRemote).toBe(true);
  });

  it('of a job is an upstream while it runs, and its clients wait before', () => {
    const job = { desiredState: 'complete' };
    const found = (state: string) => discover(swarmView([web], [swarmTask(web, { ...job, state })])).declarations;
    expect(found('running')).toMatchObject([{ upstream: { condition: { kind: 'running' } } }]);
    expect(found('starting')).toMatchObject([{ upstream: undefined }]);
    expect(found('complete')).toEqual([]);
  });

  it('of a global service is named after its node', () => {
    const { declarations } = discoverTask({ slot: undefined });
    expect(declarations[0]?.upstream?.task).toMatchObject({ name: 'shop_web.node-b' });
    expect(declarations[0]?.upstream?.task).not.toHaveProperty('slot');
  });

  it('counts as healthy while it runs, where its service has a HEALTHCHECK', () => {
    const checked = swarmService('web', { template: template({ hasHealthcheck: true, stopGraceMs: 30_000 }) });
    expect(discoverTask({}, onOverlay, checked).declarations[0]?.upstream).toMatchObject({
      health: { kind: 'docker' },
      condition: { kind: 'running', health: 'healthy' },
      drainMs: 30_000,
    });
  });

  it.each([
    ['assigned', 'running'],
    ['starting', 'running'],
  ])('declares its service without an upstream while it is %s', (state, desiredState) => {
    expect(discoverTask({ state, desiredState }).declarations).toMatchObject([
      { service: 'shop/web', upstream: undefined },
    ]);
  });

  it.each([
    ['starting', 'ready', 'ready'],
    ['running', 'running', 'down'],
    ['running', 'shutdown', 'down'],
    ['complete', 'shutdown', 'ready'],
    ['failed', 'running', 'ready'],
    ['a state that is not known', 'ready', 'ready'],
  ] as const)('is out: %s, desired %s, node %s', (state, desiredState, node) => {
    const nodes = byId([swarmNode('node-b', { state: node })]);
    const { declarations } = discover(swarmView([web], [swarmTask(web, { state, desiredState })], { nodes }));
    expect(declarations).toEqual([]);
  });

  it.each(['unknown', 'disconnected'] as const)(
    'is in while its node is %s, as after a change of the leader',
    (state) => {
      const nodes = byId([swarmNode('node-b', { state })]);
      expect(discover(swarmView([web], [swarmTask(web)], { nodes })).declarations).toHaveLength(1);
    },
  );

  it.each(['shutdown', 'remove'])('drains from the moment at which the Swarm wants its %s', (desiredState) => {
    expect(discoverTask({ desiredState }).declarations[0]?.upstream?.condition).toEqual({
      kind: 'stopping',
      reason: `its Swarm wants it to end (desired state: ${desiredState})`,
    });
  });

  it('lives as long as it is said to run, also while its node is out of reach', () => {
    const { snapshot } = swarmView([web], [swarmTask(web, { desiredState: 'shutdown' })], {
      nodes: byId([swarmNode('node-b', { state: 'down' })]),
    });
    const isAlive = (told: SwarmSnapshot, id = 'shop_web1') =>
      isTaskAlive(told, { id, serviceId: web.id }, rules.labelPrefix);
    expect([isAlive(snapshot), isAlive(snapshot, 'other')]).toEqual([true, false]);
    expect(isAlive(swarmView([web], [swarmTask(web, { state: 'shutdown' })]).snapshot)).toBe(false);
    // Of these services, no task is told.
    expect(isAlive(swarmView([{ ...web, labels: {} }], []).snapshot)).toBe(true);
    expect(isAlive(swarmView([], []).snapshot)).toBe(true);
  });
});

describe('tasks that claim what another one has', () => {
  const blog = swarmService('blog', { labels: { 'sealane.port': '80', 'sealane.listen': '81' } });
  const endpoints = (view: SwarmView, vantage = onOverlay) =>
    discover(view, vantage).declarations.map((one) => [one.service, one.upstream?.endpoints.length]);

  it('of one address are told apart by their age: the older one is dead, and its clients wait', () => {
    const young = swarmTask(blog, { createdAtMs: 9000 });
    const view = (...tasks: SwarmTask[]) => swarmView([web, blog], tasks);
    const one = [
      ['shop/web', undefined],
      ['blog', 1],
    ];
    expect(endpoints(view(swarmTask(web), young))).toEqual(one);
    expect(endpoints(view(young, swarmTask(web)))).toEqual(one.toReversed());
    // It has the address before it runs.
    expect(endpoints(view(swarmTask(web), { ...young, state: 'preparing' }))[0]).toEqual(one[0]);
    const ended = swarmTask(blog, { createdAtMs: 9000, state: 'failed', desiredState: 'shutdown' });
    expect(endpoints(view(swarmTask(web), ended))).toEqual([['shop/web', 1]]);
  });

  it('of one port of a node are told apart, too', () => {
    const port = { attachments: [], hostPorts: [{ containerPort: 80, hostIp: '', hostPort: 8080 }] };
    const tasks = [swarmTask(web, port), swarmTask(blog, { ...port, createdAtMs: 9000 })];
    expect(endpoints(swarmView([web, blog], tasks), onHost)).toEqual([
      ['shop/web', undefined],
      ['blog', 1],
    ]);
    const apart = [tasks[0], { ...tasks[1], nodeId: 'node-c' }] as SwarmTask[];
    const nodes = byId([swarmNode('node-b'), swarmNode('node-c', { address: '192.0.2.3' })]);
    expect(endpoints(swarmView([web, blog], apart, { nodes }), onHost).map(([, count]) => count)).toEqual([1, 1]);
  });

  it('of one listen address get it by the age of their services, which an update does not change', () => {
    const older = swarmService('one', { labels: { 'sealane.port': '80' }, createdAtMs: 1 });
    const newer = swarmService('two', { labels: { 'sealane.port': '80' }, createdAtMs: 2 });
    const tasks = [swarmTask(older, { createdAtMs: 9000 }), swarmTask(newer, { createdAtMs: 3 })];
    const holders = (declarations: Discovery['declarations']) =>
      [...catalogOf(declarations).services.values()].filter(({ routes }) => routes.length > 0).map(({ name }) => name);
    expect(holders(discover(swarmView([older, newer], tasks)).declarations)).toEqual(['one']);
    // The same on the node of the tasks.
    const containers = ['one', 'two'].map((name, index) =>
      containerFacts({ id: `${index}`.repeat(64), labels: taskLabels(name), createdAtMs: 9000 - index }),
    );
    const local = createDiscoverer(rules)({ ...snapshotOf(containers), swarm: swarmView([older, newer], []) });
    expect(holders(local.declarations)).toEqual(['one']);
  });

  it('of one container, as a node may say, are upstreams of their own', () => {
    const own = { attachments: [{ networkId: 'ov', networkName: 'x', addresses: ['10.0.1.66'] }] };
    const tasks = [swarmTask(web), swarmTask(blog, { ...own, containerId: containerIdOf('shop_web1') })];
    const keys = discover(swarmView([web, blog], tasks)).declarations.map(({ upstream }) => upstream?.key);
    expect(keys).toEqual(['shop_web1@task:80', 'blog1@task:80']);
  });
});

describe('the labels of a task on another node', () => {
  const own = { 'sealane.port': '81', 'sealane.weight': '3' };

  it('are those that its container got when it was made; they override those of the service, one by one', () => {
    const service = swarmService('web', { labels: { 'sealane.port': '80', 'sealane.listen': '8000', other: 'x' } });
    const task = swarmTask(service, { template: template({ labels: own }) });
    expect(discover(swarmView([service], [task])).declarations).toMatchObject([
      { listen: { port: 8000 }, upstream: { weight: 3, endpoints: [{ port: 81 }] } },
    ]);
  });

  it('may be those of the container alone', () => {
    const service = swarmService('web', { labels: stack });
    const task = swarmTask(service, { template: template({ labels: { ...own, ...stack } }) });
    expect(discover(swarmView([service], [task])).declarations).toMatchObject([
      { service: 'web', upstream: { weight: 3 }, declaredBy: { project: 'shop' } },
    ]);
  });

  it('must name the port, since the manager does not tell which ports an image exposes', () => {
    const service = swarmService('web', { labels: { 'sealane.listen': '8000' } });
    const { declarations, problems } = discoverTask({}, onOverlay, service);
    expect(declarations).toEqual([]);
    expect(problems).toMatchObject([
      {
        code: 'port-unclear',
        subject: 'web.1.web1',
        message: 'the Swarm does not tell which ports its image exposes, and the label sealane.port is missing',
        fix: 'Add sealane.port=<port>.',
      },
    ]);
    // Before it runs, its image is not known to have none.
    expect(discoverTask({ state: 'preparing' }, onOverlay, service).problems).toEqual([]);
  });

  it('without any of Sealane declare nothing', () => {
    expect(discoverTask({}, onOverlay, swarmService('web', { labels: {} })).declarations).toEqual([]);
  });

  it('make it part of its stack, for the scope "project"', () => {
    const swarm = swarmView([web], [swarmTask(web)]);
    const served = (project: string) =>
      discover(swarm, { ...onOverlay, project }, { scope: 'project' }).declarations.length;
    expect([served('shop'), served('other')]).toEqual([1, 0]);
  });
});

describe('the way to a task on another node', () => {
  const hostPorts = [{ containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }];
  const endpointsOf = (over: Partial<SwarmTask>, vantage: Vantage) =>
    discoverTask(over, vantage).declarations[0]?.upstream?.endpoints.map(({ host, port }) => `${host}:${port}`);
  const attachment = (networkName: string, ...addresses: readonly string[]) => ({
    networkId: `id-${networkName}`,
    networkName,
    addresses,
  });

  it('is a shared overlay, else a port that it publishes on its node', () => {
    expect(endpointsOf({ hostPorts }, onOverlay)).toEqual(['10.0.1.9:80']);
    for (const vantage of [onHost, inContainer(['elsewhere'])])
      expect(endpointsOf({ hostPorts }, vantage)).toEqual(['192.0.2.2:8080']);
    // Nothing stands between that accepts connections for what does not listen.
    expect(discoverTask({ hostPorts }, onHost).declarations[0]?.upstream?.endpoints).toEqual([
      { host: '192.0.2.2', port: 8080 },
    ]);
    expect(discoverTask({ hostPorts }, onHost).declarations[0]?.upstream?.published).toEqual({
      because: 'since Sealane is not on node host-b, and on no overlay network with it',
      port: 80,
    });
  });

  it('is each shared overlay, by name, IPv4 first, and that of ports published on all nodes last', () => {
    const attachments = [
      attachment('ingress', '10.0.0.5'),
      attachment('zeta', '10.0.3.5', 'fd00::3'),
      attachment('alpha', '10.0.2.5'),
      attachment('far', '10.0.9.5'),
    ];
    const vantage = inContainer(['id-ingress', 'id-zeta', 'id-alpha']);
    expect(endpointsOf({ attachments }, vantage)).toEqual(['10.0.2.5:80', '10.0.3.5:80', '10.0.0.5:80', 'fd00::3:80']);
  });

  it('is the network that the label names, by its whole or its short name', () => {
    const attachments = [attachment('shop_zeta', '10.0.3.5'), attachment('shop_alpha', '10.0.2.5')];
    const vantage = inContainer(['id-shop_zeta', 'id-shop_alpha']);
    for (const network of ['zeta', 'shop_zeta']) {
      const service = swarmService('web', { labels: { ...web.labels, 'sealane.network': network } });
      const { declarations } = discoverTask({ attachments }, vantage, service);
      expect(declarations[0]?.upstream?.endpoints).toMatchObject([{ host: '10.0.3.5' }]);
    }
    const service = swarmService('web', { labels: { ...web.labels, 'sealane.network': 'omega' } });
    expect(discoverTask({ attachments }, vantage, service).problems).toMatchObject([{ code: 'not-on-network' }]);
  });

  it('is said to be missing, with both ways out', () => {
    const { declarations, problems } = discoverTask({}, onHost);
    expect(declarations).toMatchObject([{ service: 'shop/web', upstream: undefined }]);
    expect(problems).toMatchObject([
      {
        code: 'no-shared-overlay',
        subject: 'shop_web.1.shop_web1',
        containerId: containerIdOf('shop_web1'),
        message:
          'it is on node host-b, Sealane is on no overlay network with it (it is on "shop_default"), and its port 80 is not published there',
        fix: 'Run Sealane as a service on one of its networks, or publish the port on each node: ports: [{target: 80, mode: host}]',
      },
    ]);
  });

  it('is not missed while the Swarm has not told yet which port the node gave it, nor once it is to end', () => {
    const published = { ...web, hostPorts: [{ containerPort: 80 }] };
    expect(discoverTask({}, onHost, published)).toMatchObject({
      declarations: [{ upstream: undefined }],
      problems: [],
    });
    expect(discoverTask({}, onHost, { ...web, hostPorts: [{ containerPort: 81 }] }).problems).toHaveLength(1);
    expect(discoverTask({ desiredState: 'remove' }, onHost).problems).toEqual([]);
  });

  it('is missed once the Swarm has not told for a while which port the node gave it', () => {
    const published = { ...web, hostPorts: [{ containerPort: 80 }] };
    const { declarations, problems } = discoverTask({ arePortsUntold: true }, onHost, published);
    expect(declarations[0]?.upstream).toBeUndefined();
    expect(problems).toMatchObject([
      {
        code: 'no-shared-overlay',
        message: expect.stringContaining('the Swarm does not tell at which port of the node its port 80 is published'),
        fix: expect.stringContaining('docker service update --force shop_web'),
      },
    ]);
    const fixed = { ...web, hostPorts: [{ containerPort: 80, hostPort: 8081 }] };
    expect(discoverTask({ arePortsUntold: true }, onHost, fixed).problems).toEqual([]);
  });

  it('is the port that its service names, where the Swarm does not tell any more what the task publishes', () => {
    const service = { ...web, hostPorts: [{ containerPort: 80, hostPort: 8081 }] };
    const endpoints = (over: Partial<SwarmTask>) =>
      discoverTask(over, onHost, service).declarations[0]?.upstream?.endpoints;
    expect(endpoints({})).toEqual([{ host: '192.0.2.2', port: 8081 }]);
    expect(endpoints({ hostPorts })).toEqual([{ host: '192.0.2.2', port: 8080 }]);
  });

  it('is unknown where the Swarm tells no address of its node', () => {
    const { address: _, ...node } = swarmNode('node-b');
    const { problems } = discover(swarmView([web], [swarmTask(web, { hostPorts })], { nodes: byId([node]) }), onHost);
    expect(problems).toMatchObject([{ code: 'no-address' }]);
  });

  it('is waited for while it has no address on the shared overlay yet', () => {
    const { declarations, problems } = discoverTask({
      attachments: [{ networkId: 'ov', networkName: 'o', addresses: [] }],
    });
    expect([declarations[0]?.upstream, problems]).toEqual([undefined, []]);
  });
});

describe('the tasks of Sealane’s own node', () => {
  it('are left to its engine, but for those that have no container yet', () => {
    const tasks = [
      swarmTask(web, { nodeId: 'node-a' }),
      swarmTask(web, { id: 'w2', nodeId: 'node-a', state: 'assigned' }),
    ];
    expect(discover(swarmView([web], tasks)).declarations).toMatchObject([{ upstream: undefined }]);
  });

  it('are declared here where it is unknown which node that is', () => {
    const tasks = [swarmTask(web, { nodeId: 'node-a' }), swarmTask(web, { id: 'w2' })];
    const { declarations } = discover(swarmView([web], tasks, { localNodeId: undefined }));
    expect(declarations.map(({ upstream }) => upstream?.task?.node)).toEqual(['host-a', 'host-b']);
  });
});

describe('a task discoverer', () => {
  it('gives the same declarations for tasks that did not change', () => {
    const discoverer = createTaskDiscoverer(rules);
    const task = swarmTask(web);
    const swarm = swarmView([web], [task]);
    const first = discoverer({ vantage: onOverlay, swarm });
    expect(discoverer({ vantage: onOverlay, swarm })).toBe(first);
    const more = { ...swarm, snapshot: { ...swarm.snapshot, tasks: byId([task, swarmTask(web, { slot: 2 })]) } };
    const second = discoverer({ vantage: onOverlay, swarm: more });
    expect(second.declarations[0]).toBe(first.declarations[0]);
    expect(second.declarations).toHaveLength(2);
  });

  it('computes anew what another vantage, service or node makes of a task', () => {
    const discoverer = createTaskDiscoverer(rules);
    const task = swarmTask(web);
    const swarm = swarmView([web], [task]);
    const endpoints = (view: SwarmView, vantage: Vantage) =>
      discoverer({ vantage, swarm: view }).declarations[0]?.upstream?.endpoints.map(
        ({ host, port }) => `${host}:${port}`,
      );
    expect(endpoints(swarm, onOverlay)).toEqual(['10.0.1.9:80']);
    expect(endpoints(swarm, onHost)).toBeUndefined();
    const other = { ...web, labels: { ...web.labels, 'sealane.port': '81' } };
    expect(endpoints(swarmView([other], [task]), onOverlay)).toEqual(['10.0.1.9:81']);
    const down = swarmView([other], [task], { nodes: byId([swarmNode('node-b', { state: 'down' })]) });
    expect(endpoints(down, onOverlay)).toBeUndefined();
  });

  test('declares nothing while the vantage or the Swarm is unknown', () => {
    const discoverer = createTaskDiscoverer(rules);
    expect(discoverer({ vantage: undefined, swarm: swarmView([web], [swarmTask(web)]) }).declarations).toEqual([]);
    expect(discoverer({ vantage: onHost, swarm: undefined }).declarations).toEqual([]);
  });
});
