import { describe, expect, it, test } from 'vitest';
import { createDiscoverer, type DiscoveryRules } from '../../../../src/discovery/discover.ts';
import { viewContainer } from '../../../../src/discovery/container-view.ts';
import type { ContainerFacts, NetworkAttachment } from '../../../../src/docker/facts.ts';
import type { SwarmView } from '../../../../src/docker/swarm/facts.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../../support/facts.ts';
import { createTaskDiscoverer } from '../../../../src/discovery/swarm/tasks.ts';
import { swarmService, swarmTask, swarmView, taskLabels, template } from '../../../support/swarm/facts.ts';

/** The containers of tasks, as each node's engine shows them, also where no manager can be asked. */
const rules: DiscoveryRules = { labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' };
const overlay: NetworkAttachment = { name: 'shop_default', networkId: 'ov', driver: 'overlay', ipv4: '10.0.1.7' };

function discover(
  containers: readonly Parameters<typeof containerFacts>[0][],
  more: Partial<DiscoveryRules> = {},
  vantage = onHost,
) {
  return createDiscoverer({ ...rules, ...more })(snapshotOf(containers.map(containerFacts), vantage));
}

describe('containers of tasks', () => {
  it('of one service of a Swarm are upstreams of one service', () => {
    const labels = (slot: number) => ({ ...taskLabels('web', { slot }), 'sealane.port': '80' });
    const { declarations } = discover([1, 2].map((slot) => ({ labels: labels(slot), exposedPorts: [80] })));
    expect(declarations.map(({ service }) => service)).toEqual(['web', 'web']);
    expect(declarations.map(({ upstream }) => upstream?.task)).toEqual([
      { id: 'web1', service: 'web', name: 'web.1', slot: 1, node: 'node-a' },
      { id: 'web2', service: 'web', name: 'web.2', slot: 2, node: 'node-a' },
    ]);
  });

  it.each([
    ['of a stack, as the compose file names it', 'shop_web', 'shop', 'shop/web'],
    ['outside of a stack', 'shop_web', undefined, 'shop_web'],
    ['of another stack by its labels', 'shop_web', 'sh', 'shop_web'],
  ])('have the service’s name: %s', (_, swarm, stack, service) => {
    const labels = { ...taskLabels(swarm, { stack }), 'sealane.port': '80' };
    expect(discover([{ labels }]).declarations[0]?.service).toBe(service);
    const routes = { ...labels, 'sealane.ops.port': '90', 'sealane.ops.pool': 'operations' };
    expect(discover([{ labels: routes }]).declarations.map((one) => one.service)).toEqual([service, 'operations']);
  });

  it('never sleep, since the Swarm starts another one for each that ends, and the label is a problem', () => {
    const labels = { ...taskLabels('web'), 'sealane.port': '80', 'sealane.sleep': '15m' };
    const { declarations, problems } = discover([{ labels }], { actions: new Set(['start', 'stop']) });
    expect(declarations[0]?.upstream?.sleep).toBeUndefined();
    expect(problems).toMatchObject([{ code: 'sleep-impossible', label: 'sealane.sleep' }]);
  });

  it('have the service’s name on all engines', () => {
    const labels = { ...taskLabels('web'), 'sealane.port': '80' };
    const [declared] = discover([{ name: 'web.1.web1', labels }], { engine: 'a' }).declarations;
    expect([declared?.service, declared?.upstream?.name]).toEqual(['web', 'web.1.web1@a']);
  });

  it('of a global service have no slot', () => {
    const labels = { ...taskLabels('agent', { slot: undefined }), 'sealane.port': '80' };
    expect(discover([{ labels }]).declarations[0]?.upstream?.task).toEqual({
      id: 'agent0',
      service: 'agent',
      name: 'agent.node-a',
      node: 'node-a',
    });
  });

  it('count for the scope "project" by their stack', () => {
    const labels = { ...taskLabels('shop_web', { stack: 'shop' }), 'sealane.port': '80' };
    const served = (project: string) =>
      discover([{ labels }], { scope: 'project' }, { ...onHost, project }).declarations.length;
    expect([served('shop'), served('other')]).toEqual([1, 0]);
  });

  test('a container that only names a service is no task', () => {
    const labels = { 'com.docker.swarm.service.name': 'shop_web', 'com.docker.stack.namespace': 'shop' };
    const [declared] = discover([{ labels: { ...labels, 'sealane.port': '80' } }]).declarations;
    expect([declared?.service, declared?.upstream?.task]).toEqual(['shop/web', undefined]);
  });

  it('are shown with their service and task', () => {
    const labels = taskLabels('shop_web', { stack: 'shop', slot: 2 });
    expect(viewContainer(containerFacts({ labels }), 'sealane')).toMatchObject({
      createdFor: 'shop/web',
      project: 'shop',
      task: { service: 'shop_web', name: 'shop_web.2' },
    });
  });
});

describe('a container on overlay networks only', () => {
  const attached = (...attachments: readonly NetworkAttachment[]) =>
    ({
      networking: { kind: 'networks', attachments },
      labels: { ...taskLabels('web'), 'sealane.port': '80' },
    }) as const;
  const withoutRoute = { hasRoute: () => false };

  it('is out of the host’s reach, with both ways out', () => {
    const { declarations, problems } = discover([attached(overlay)], withoutRoute);
    expect(declarations).toMatchObject([{ service: 'web', upstream: undefined }]);
    expect(problems).toMatchObject([
      {
        code: 'no-shared-overlay',
        message:
          'it is on the overlay network "shop_default", which this host can\'t reach, and its port 80 is not published here',
        fix: 'Run Sealane as a service on that network, or publish the port on its node: ports: [{target: 80, mode: host}]',
      },
    ]);
  });

  it('is reached through a port that is published on its node', () => {
    const publishedPorts = [{ containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }];
    const { declarations, problems } = discover([{ ...attached(overlay), publishedPorts }], withoutRoute);
    expect(problems).toEqual([]);
    expect(declarations[0]?.upstream).toMatchObject({
      endpoints: [{ host: '127.0.0.1', port: 8080 }],
      published: { because: 'since it is on overlay networks only' },
    });
  });

  it('is reached at its address where a router or a network of the host leads there', () => {
    const endpointsWith = (routes: Partial<DiscoveryRules>) =>
      discover([attached(overlay)], routes).declarations[0]?.upstream?.endpoints;
    const own = [{ host: '10.0.1.7', port: 80 }];
    expect(endpointsWith({ hasRoute: () => true })).toEqual(own);
    expect(endpointsWith({ ...withoutRoute, isRouted: () => true })).toEqual(own);
  });

  it('is reached at its address from a container on the same overlay', () => {
    const { declarations, problems } = discover([attached(overlay)], withoutRoute, inContainer(['ov']));
    expect(problems).toEqual([]);
    expect(declarations[0]?.upstream?.endpoints).toMatchObject([{ host: '10.0.1.7', port: 80 }]);
  });

  it('is not dialed there beside an address that the host reaches', () => {
    const bridge = { name: 'b', networkId: 'b', driver: 'bridge', ipv4: '172.18.0.2' };
    const hasRoute = (address: string) => address === bridge.ipv4;
    const [declared] = discover([attached(overlay, bridge)], { hasRoute }).declarations;
    expect(declared?.upstream?.endpoints.map(({ host }) => host)).toEqual(['172.18.0.2']);
  });

  it('is discovered again once a network leads there', () => {
    let leads = false;
    const discoverer = createDiscoverer({ ...rules, hasRoute: () => leads, routesVersion: () => Number(leads) });
    const snapshot = snapshotOf([containerFacts(attached(overlay))]);
    expect(discoverer(snapshot).problems).toHaveLength(1);
    leads = true;
    expect(discoverer(snapshot).problems).toEqual([]);
  });

  it('is waited for while its network is being set up', () => {
    const { ipv4: _, ...early } = overlay;
    expect(discover([attached(early)], withoutRoute).problems).toEqual([]);
  });
});

describe('containers of tasks, where a manager is watched', () => {
  const service = swarmService('web', {
    labels: { 'sealane.port': '80', 'sealane.weight': '3', 'sealane.listen': '8000' },
  });
  const facts = (over: Partial<ContainerFacts> = {}) =>
    containerFacts({ labels: { ...taskLabels('web'), 'sealane.weight': '2' }, exposedPorts: [80, 81], ...over });
  const task = (over: Parameters<typeof swarmTask>[1] = {}) => swarmTask(service, { nodeId: 'node-a', ...over });
  const found = (container: ContainerFacts, swarm: SwarmView | undefined, more: Partial<DiscoveryRules> = {}) =>
    createDiscoverer({ ...rules, ...more })({ ...snapshotOf([container]), swarm });

  it('have the labels of their service, too, and their own override them one by one', () => {
    const { declarations, problems } = found(facts(), swarmView([service], [task()]));
    expect(problems).toEqual([]);
    expect(declarations).toMatchObject([
      { listen: { port: 8000 }, upstream: { weight: 2, endpoints: [{ port: 80 }] } },
    ]);
    // Only those of Sealane count.
    const oneoff = { ...service, labels: { ...service.labels, 'com.docker.compose.oneoff': 'True' } };
    expect(found(facts(), swarmView([oneoff], [task()])).declarations).toHaveLength(1);
  });

  it('have the service’s name by the stack that either of them is labelled with', () => {
    const stack = { 'com.docker.stack.namespace': 'shop' };
    const inStack = swarmService('shop_web', { labels: { 'sealane.port': '80' } });
    const named = (own: Readonly<Record<string, string>>, ofService: Readonly<Record<string, string>>) => {
      const told = { ...inStack, labels: { ...inStack.labels, ...ofService }, template: template({ labels: own }) };
      const container = facts({ labels: { ...taskLabels('shop_web'), ...own } });
      const view = swarmView([told], [swarmTask(told)]);
      const tasks = createTaskDiscoverer(rules)({ vantage: inContainer(['ov']), swarm: view }).declarations;
      return [...found(container, view).declarations, ...tasks].map((one) => one.service);
    };
    expect(named(stack, {})).toEqual(['shop/web', 'shop/web']);
    expect(named({}, stack)).toEqual(['shop/web', 'shop/web']);
    expect(named({}, {})).toEqual(['shop_web', 'shop_web']);
  });

  it('need no label of their own', () => {
    const bare = facts({ labels: taskLabels('web') });
    expect(found(bare, swarmView([service], [task()])).declarations).toMatchObject([{ upstream: { weight: 3 } }]);
    expect(found(bare, undefined).declarations).toEqual([]);
  });

  it.each(['shutdown', 'remove'])('drain from the moment at which the Swarm wants their %s', (desiredState) => {
    const container = facts();
    const discoverer = createDiscoverer(rules);
    const conditionIn = (swarm: SwarmView) =>
      discoverer({ ...snapshotOf([container]), swarm }).declarations[0]?.upstream?.condition;
    expect(conditionIn(swarmView([service], [task()]))).toEqual({ kind: 'running', health: 'none' });
    expect(conditionIn(swarmView([service], [task({ desiredState })]))).toEqual({
      kind: 'stopping',
      reason: `its Swarm wants it to end (desired state: ${desiredState})`,
    });
  });

  it('are told with the name of their node and what the Swarm wants', () => {
    expect(found(facts(), swarmView([service], [task()])).declarations[0]?.upstream?.task).toMatchObject({
      name: 'web.1',
      node: 'host-a',
      desired: 'running',
    });
    expect(found(facts(), swarmView([service], [])).declarations[0]?.upstream?.task).not.toHaveProperty('desired');
  });

  it('of another node are left to the manager, who tells of their tasks', () => {
    const far = facts({ labels: { ...taskLabels('web', { nodeId: 'node-b' }), 'sealane.port': '80' } });
    expect(found(far, swarmView([service], [])).declarations).toEqual([]);
    expect(found(facts(), swarmView([service], [], { localNodeId: undefined })).declarations).toEqual([]);
    // Meanwhile no manager answers: what it told last is not that far.
    const failure = 'proxy gone';
    expect(found(far, swarmView([service], [], { failure })).declarations).toHaveLength(1);
    expect(found(far, swarmView([service], [task({ nodeId: 'node-b' })], { failure })).declarations).toEqual([]);
    // Only their image has labels: the manager tells nothing of them.
    const unlabelled = { ...service, labels: {} };
    expect(found(far, swarmView([unlabelled], [])).declarations).toHaveLength(1);
    // The node is of another Swarm.
    const other = facts({ labels: { ...taskLabels('web', { nodeId: 'node-z' }), 'sealane.port': '80' } });
    expect(found(other, swarmView([service], [])).declarations).toHaveLength(1);
    // The manager tells of the task, and not yet of its new node: it is declared by what the manager tells.
    expect(found(other, swarmView([service], [task({ nodeId: 'node-z' })])).declarations).toEqual([]);
  });

  it('are declared by the same objects while nothing of them changes', () => {
    const discoverer = createDiscoverer(rules);
    const container = facts();
    const one = task();
    const declared = (swarm: SwarmView) => discoverer({ ...snapshotOf([container]), swarm }).declarations[0];
    const first = declared(swarmView([service], [one]));
    expect(declared(swarmView([service], [one, swarmTask(service, { slot: 2 })]))).toBe(first);
    expect(
      declared(swarmView([{ ...service, labels: { 'sealane.port': '81' } }], [one]))?.upstream?.endpoints,
    ).toMatchObject([{ port: 81 }]);
  });
});

describe('a container on an overlay network, with the bridge that its Swarm connects it to', () => {
  const bridge: NetworkAttachment = { name: 'docker_gwbridge', networkId: 'gw', driver: 'bridge', ipv4: '172.19.0.3' };
  const container = (labels: Readonly<Record<string, string>> = {}) => ({
    networking: { kind: 'networks', attachments: [bridge, overlay] } as const,
    labels: { ...taskLabels('shop_web', { stack: 'shop' }), 'sealane.port': '80', ...labels },
  });
  const hasRoute = (address: string) => address === bridge.ipv4;

  it('is reached by the host on that bridge, also where the label names the overlay', () => {
    for (const labels of [{}, { 'sealane.network': 'default' }])
      expect(discover([container(labels)], { hasRoute }).declarations[0]?.upstream?.endpoints).toEqual([
        { host: '172.19.0.3', port: 80, isDirect: true },
      ]);
  });

  it('is reached by other containers on the overlay alone', () => {
    const { declarations } = discover([container({ 'sealane.network': 'default' })], {}, inContainer(['ov']));
    expect(declarations[0]?.upstream?.endpoints).toMatchObject([{ host: '10.0.1.7' }]);
    const { problems } = discover([container()], {}, inContainer(['elsewhere']));
    expect(problems[0]?.message).toBe('Sealane shares no network with it (it is on "shop_default")');
    expect(viewContainer(containerFacts(container()), 'sealane').networks).toBe('network "shop_default"');
  });
});
