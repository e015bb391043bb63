import { cut, heal, kill, switchOn, type SwarmMachine } from '../../../dev/engine/swarm-machine.ts';
import type { SwarmService } from '../../support/swarm/swarm-service.ts';
import { machineOf, nodeOf, setAvailability, type TestSwarm } from '../../support/swarm/test-swarm.ts';
import { eventually } from '../../support/engine/replica.ts';

/**
 * What happens to a Swarm in `npm run soak:swarm`. Each round has a Swarm and a service of its own, and a Sealane. The
 * load is on from before the first step to after the last.
 */
export interface SwarmScenario {
  readonly name: string;
  readonly title: string;
  readonly nodes: number;
  readonly managers: number;
  /** The number of the node, a manager, that Sealane is on. */
  readonly sealaneOn: number;
  readonly replicas: number;
  readonly run: (stage: Stage) => Promise<void>;
}

interface Stage {
  readonly swarm: TestSwarm;
  readonly service: SwarmService;
  /** Resolves once so many tasks run, and Sealane has just them as ready upstreams. */
  readonly ready: (count: number) => Promise<void>;
  /** Does what ends a machine's connections. Requests that it has accepted until then may be lost with it. */
  readonly losing: (machine: SwarmMachine, act: () => Promise<unknown>) => Promise<void>;
}

export const swarmScenarios: readonly SwarmScenario[] = [
  {
    name: 'scale',
    title: 'scale 2, 6, 2',
    ...{ nodes: 2, managers: 1, sealaneOn: 1, replicas: 2 },
    async run({ service, ready }) {
      await service.scale(6);
      await ready(6);
      await service.scale(2);
      await ready(2);
    },
  },
  {
    name: 'start-first',
    title: 'rolling update of 10 tasks, start-first',
    ...{ nodes: 2, managers: 1, sealaneOn: 1, replicas: 10 },
    run: (stage) => update(stage, 'start-first'),
  },
  {
    name: 'stop-first',
    title: 'rolling update of 10 tasks, stop-first',
    ...{ nodes: 2, managers: 1, sealaneOn: 1, replicas: 10 },
    run: (stage) => update(stage, 'stop-first'),
  },
  {
    name: 'drain',
    title: 'a node of two is drained, and active again',
    ...{ nodes: 2, managers: 1, sealaneOn: 1, replicas: 6 },
    async run(stage) {
      const { swarm } = stage;
      await setAvailability(swarm, 2, 'drain');
      await left(stage, 2);
      await setAvailability(swarm, 2, 'active');
      await returns(stage);
    },
  },
  {
    name: 'cut-off',
    title: 'a worker is cut off until it is down, and healed',
    ...{ nodes: 2, managers: 1, sealaneOn: 1, replicas: 6 },
    run: (stage) => loseAndRegain(stage, 2, { lose: cut, regain: heal }),
  },
  {
    name: 'leader-killed',
    title: 'the leader of three managers is killed, and back',
    ...{ nodes: 3, managers: 3, sealaneOn: 3, replicas: 6 },
    run: (stage) => loseAndRegain(stage, 1, { lose: kill, regain: switchOnInTime }),
  },
];

async function update({ service, ready }: Stage, order: 'start-first' | 'stop-first'): Promise<void> {
  await service.roll(order);
  await service.updated();
  await ready(10);
}

/** Takes a machine from the Swarm until its tasks run elsewhere, and brings it back. */
async function loseAndRegain(
  stage: Stage,
  number: number,
  { lose, regain }: Record<'lose' | 'regain', (machine: SwarmMachine) => Promise<unknown>>,
): Promise<void> {
  const { swarm, losing } = stage;
  const machine = machineOf(swarm, number);
  await losing(machine, () => lose(machine));
  await untilState(swarm, number, 'down');
  await left(stage, number);
  await regain(machine);
  await untilState(swarm, number, 'ready');
  await returns(stage);
}

function switchOnInTime(machine: SwarmMachine): Promise<SwarmMachine> {
  return switchOn(machine, AbortSignal.timeout(60_000));
}

/** Resolves once all tasks run elsewhere than on the node, and Sealane has them. */
async function left({ swarm, service, ready }: Stage, number: number): Promise<void> {
  await service.leaves((await nodeOf(swarm, number)).ID);
  await ready(6);
}

/**
 * Resolves once tasks that are added, which go to a node that is back, are served. It may take Docker a minute until overlay
 * networks lead there again.
 */
async function returns({ service, ready }: Stage): Promise<void> {
  await service.scale(8);
  await ready(8);
}

/** A Swarm without a leader answers no questions for a while. */
async function untilState(swarm: TestSwarm, number: number, wanted: 'ready' | 'down'): Promise<void> {
  await eventually(
    () => nodeOf(swarm, number).then(({ Status }) => Status.State, String),
    (state) => state === wanted,
    60_000,
  );
}
