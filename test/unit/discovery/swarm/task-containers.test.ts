import { describe, expect, it, test } from 'vitest';
import { createDiscoverer, type DiscoveryRules } from '../../../../src/discovery/discover.ts';
import { viewContainer } from '../../../../src/discovery/container-view.ts';
import type { NetworkAttachment } from '../../../../src/docker/facts.ts';
import { containerFacts, inContainer, onHost, snapshotOf } from '../../../support/facts.ts';
import { taskLabels } from '../../../support/swarm.ts';

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
    const discoverer = createDiscoverer({ ...rules, hasRoute: () => leads });
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
