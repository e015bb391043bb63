import { expect, inject, it } from 'vitest';
import { eventually, whoAnswers } from '../support/engine/replica.ts';
import { failedClients, readyTasks, startSwarmLoad } from '../support/swarm/swarm-load.ts';
import { startOnNode, type SwarmSealane } from '../support/swarm/swarm-sealane.ts';
import { startService } from '../support/swarm/swarm-service.ts';
import { nodeOf, setAvailability } from '../support/swarm/test-swarm.ts';

/**
 * What a Swarm does to the tasks of a service on two nodes, while clients connect to Sealane on the first one. `npm run
 * soak:swarm` does all of it with Sealane on the host and in a container, and also cuts nodes off and kills leaders.
 */
it.each(['host', 'container'] as const)(
  'no client is lost while a service is scaled from 2 to 6 tasks and back, by Sealane in a %s',
  async (stand) => {
    await using sealane = await startOnNode(inject('swarm'), stand);
    await using service = await startService(inject('swarm'), { labels: sealane.labels });
    await readyTasks(sealane, service, 2);
    await using load = startSwarmLoad(sealane);
    await service.scale(6);
    const tasks = await readyTasks(sealane, service, 6);
    expect(new Set(tasks.map(({ node }) => node)).size).toBe(2);
    expect(await answeringNames(sealane, 6)).toEqual(tasks.map(({ name }) => name).toSorted());
    await service.scale(2);
    await readyTasks(sealane, service, 2);
    expect(await failedClients(load, sealane)).toEqual([]);
  },
);

it('no client is lost while all tasks are replaced, start-first and stop-first', async () => {
  await using sealane = await startOnNode(inject('swarm'), 'container');
  await using service = await startService(inject('swarm'), { labels: sealane.labels, replicas: 3 });
  const ids = new Set((await readyTasks(sealane, service, 3)).map(({ id }) => id));
  await using load = startSwarmLoad(sealane);
  for (const order of ['start-first', 'stop-first'] as const) {
    // Two tasks at once, then the last one.
    await service.roll(order, 2);
    await service.updated();
    for (const { id } of await readyTasks(sealane, service, 3)) ids.add(id);
  }
  expect(ids.size).toBe(9);
  expect(await failedClients(load, sealane)).toEqual([]);
});

it('no client is lost while a node is drained, and the tasks on the other serve them', async () => {
  const swarm = inject('swarm');
  await using sealane = await startOnNode(swarm, 'host');
  await using service = await startService(swarm, { labels: sealane.labels, replicas: 4 });
  await readyTasks(sealane, service, 4);
  await using load = startSwarmLoad(sealane);
  await setAvailability(swarm, 2, 'drain');
  try {
    await service.leaves((await nodeOf(swarm, 2)).ID);
    await readyTasks(sealane, service, 4);
  } finally {
    await setAvailability(swarm, 2, 'active');
  }
  expect(await failedClients(load, sealane)).toEqual([]);
});

/** The names that answer, sorted, once so many have. */
async function answeringNames({ port, host }: SwarmSealane, count: number): Promise<string[]> {
  const names = new Set<string>();
  await eventually(
    async () => names.add(await whoAnswers(port, host)).size,
    (size) => size === count,
    60_000,
  );
  return [...names].toSorted();
}
