import { acquireSwarm } from '../../../dev/engine/acquire-swarm.ts';
import { failedClients, readyTasks, startSwarmLoad, type FailedClient } from '../../support/swarm/swarm-load.ts';
import { startOnNode, type Stand } from '../../support/swarm/swarm-sealane.ts';
import { startService, type TaskSight } from '../../support/swarm/swarm-service.ts';
import { equip, nodeOf } from '../../support/swarm/test-swarm.ts';
import { dialedAtMs } from '../session.ts';
import { wallMs } from '../wall-clock.ts';
import type { SwarmScenario } from './scenarios.ts';

/** Runs one round of a scenario, and finds the cause of each failure of its clients. */
export interface Round {
  readonly connections: number;
  readonly waitsMs: readonly number[];
  /** The part of the waits that the load itself may have caused. */
  readonly slippedMs: number;
  /** Sealane could have avoided these. The goal is that there are none. */
  readonly failed: readonly FailedClient[];
  /** These had reached a task on a node that was lost with them. Sealane's access log tells of each. */
  readonly lost: readonly FailedClient[];
}

/** What a node that was lost took with it. */
interface Loss {
  readonly atMs: number;
  /** The ids of its tasks and of their containers: the key of an upstream begins with the one or the other. */
  readonly ids: ReadonlySet<string>;
}

/** The number of connections to be answered before the first step and after the last. */
const margin = 100;
/** A request that was dialed so short a time after the loss may have been on its way before it. */
const lossMs = 50;

export async function runRound(scenario: SwarmScenario, stand: Stand): Promise<Round> {
  await using acquired = await acquireSwarm({ ...scenario, onProgress: () => {} });
  const swarm = await equip(acquired.machines, scenario.sealaneOn);
  await using sealane = await startOnNode(swarm, stand, { node: scenario.sealaneOn });
  await using service = await startService(swarm, { labels: sealane.labels, replicas: scenario.replicas });
  await readyTasks(sealane, service, scenario.replicas);
  await using load = startSwarmLoad(sealane, 200);
  const losses: Loss[] = [];
  await load.answered(margin);
  await scenario.run({
    swarm,
    service,
    ready: async (count) => void (await readyTasks(sealane, service, count)),
    async losing(machine, act) {
      const { ID } = await nodeOf(swarm, machine.number);
      const there = (await service.tasks()).filter(({ node }) => node === ID);
      await act();
      // On a busy machine it takes a while until the act has its effect.
      losses.push({ atMs: wallMs(), ids: new Set(there.flatMap(idsOf)) });
    },
  });
  await load.answered(margin);
  const all = await failedClients(load, sealane);
  const { made: connections, waitsMs, slippedMs } = load;
  const lost = all.filter((client) => losses.some((loss) => isPartOf(loss, client)));
  return { connections, waitsMs, slippedMs, lost, failed: all.filter((client) => !lost.includes(client)) };
}

function idsOf({ id, container }: TaskSight): string[] {
  return container === undefined ? [id] : [id, container];
}

function isPartOf({ atMs, ids }: Loss, { session }: FailedClient): boolean {
  if (session?.upstreamKey === undefined) return false;
  const [id = ''] = session.upstreamKey.split('@');
  return ids.has(id) && dialedAtMs(session) <= atMs + lossMs;
}
