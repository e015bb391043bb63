import { expect, inject, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { whoAnswers } from '../support/engine/replica.ts';
import { readyTasks } from '../support/swarm/swarm-load.ts';
import { startOnNode } from '../support/swarm/swarm-sealane.ts';
import { startService } from '../support/swarm/swarm-service.ts';
import { managerClient } from '../support/swarm/test-swarm.ts';

it("a container's labels go before its service's, and the port of a local task needs no publishing", async () => {
  await using sealane = await startOnNode(inject('swarm'), 'host');
  await using service = await startService(inject('swarm'), {
    labels: { ...sealane.labels, [`${sealane.prefix}.port`]: '9999' },
    containerLabels: { [`${sealane.prefix}.port`]: '8080' },
    ...{ replicas: 1, hostPorts: false, constraints: ['node.role==manager'] },
  });
  const [task] = await readyTasks(sealane, service, 1);
  expect(await whoAnswers(sealane.port, sealane.host)).toBe(task?.name);
});

it('a job is served while it runs, also on another node', async () => {
  await using sealane = await startOnNode(inject('swarm'), 'container');
  await using job = await startService(inject('swarm'), {
    labels: sealane.labels,
    ...{ replicas: 'job', hostPorts: false, constraints: ['node.role==worker'] },
  });
  const [task] = await readyTasks(sealane, job, 1);
  expect(await whoAnswers(sealane.port, sealane.host)).toBe(task?.name);
});

/**
 * Docker 20.10 gives a task an address on the first subnet, and tells that one alone. Each node draws the address on the second
 * subnet by itself, so that two tasks may have the same one. It starts no task where the first subnet is one of IPv6.
 */
it('on an overlay with IPv6, tasks of all nodes are reached at the addresses that the Swarm tells', async () => {
  const swarm = { ...inject('swarm'), overlay: uniqueName('overlay') };
  // It is removed with the Swarm: the last tasks leave it long after the test.
  await managerClient(swarm).createNetwork({
    ...{ Name: swarm.overlay, Driver: 'overlay', Attachable: true, EnableIPv6: true },
    IPAM: { Config: [{ Subnet: '10.78.0.0/24' }, { Subnet: 'fd78::/64' }] },
  });
  await using sealane = await startOnNode(swarm, 'container');
  await using service = await startService(swarm, { labels: sealane.labels, replicas: 'global', hostPorts: false });
  const names = new Set((await readyTasks(sealane, service, 2)).map(({ name }) => name));
  for (let asked = 0; asked < 8; asked += 1) names.delete(await whoAnswers(sealane.port, sealane.host));
  expect(names).toEqual(new Set());
});
