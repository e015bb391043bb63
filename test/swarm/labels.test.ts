import { expect, inject, it } from 'vitest';
import { whoAnswers } from '../support/engine/replica.ts';
import { readyTasks } from '../support/swarm/swarm-load.ts';
import { startOnNode } from '../support/swarm/swarm-sealane.ts';
import { startService } from '../support/swarm/swarm-service.ts';

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
