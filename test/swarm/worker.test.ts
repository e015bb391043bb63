import { expect, inject, it } from 'vitest';
import { eventually, whoAnswers } from '../support/engine/replica.ts';
import { startOnNode } from '../support/swarm/swarm-sealane.ts';
import { startService } from '../support/swarm/swarm-service.ts';
import { nodeOf } from '../support/swarm/test-swarm.ts';

/**
 * A worker's engine tells nothing of the Swarm, but for its own containers.
 */
it.each(['host', 'container'] as const)(
  'Sealane in the %s of a worker serves the tasks on it, by the labels of their containers, as one service',
  async (stand) => {
    const swarm = inject('swarm');
    const { ID: worker } = await nodeOf(swarm, 2);
    await using sealane = await startOnNode(swarm, stand, { node: 2 });
    await using service = await startService(swarm, { containerLabels: sealane.labels, replicas: 4 });
    const tasks = await service.settled(4);
    const own = tasks.filter(({ node }) => node === worker).map(({ name }) => name);
    expect(own).toHaveLength(2);
    await eventually(
      () => sealane.api.service(service.name).catch(() => undefined),
      (found) => found?.upstreams.length === 2 && found.upstreams.every(({ state }) => state === 'ready'),
    );
    const answers = new Set<string>();
    for (let round = 0; round < 8; round += 1) answers.add(await whoAnswers(sealane.port, sealane.host));
    expect([...answers].toSorted()).toEqual(own.toSorted());
  },
);
