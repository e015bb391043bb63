import type { TestContainer } from '../support/engine/containers.ts';
import { composeProject } from './compose.ts';
import type { OpenLoad } from './open-load.ts';
import type { ReplicaOptions, SoakEnvironment } from './environment.ts';

/**
 * What users do to containers while clients connect. Each scenario sets up its environment, then repeats the same
 * round. A round is over when all replicas are ready again and waiting clients have been served.
 */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  setUp(environment: SoakEnvironment): Promise<Round>;
}

export type Round = (index: number, load: OpenLoad) => Promise<void>;

export const scenarios: readonly Scenario[] = [
  {
    name: 'stop-start',
    title: 'stop and start one of three replicas',
    setUp: (environment) => stopAndStart(environment, {}),
  },
  {
    name: 'stop-start-abrupt',
    title: 'stop and start one of three, exiting at once on SIGTERM',
    setUp: (environment) => stopAndStart(environment, { onStop: 'exit' }),
  },
  {
    name: 'rolling',
    title: 'rolling restart of three replicas',
    setUp: (environment) => rollingRestart(environment, {}),
  },
  {
    name: 'rolling-abrupt',
    title: 'rolling restart of three, exiting at once on SIGTERM',
    setUp: (environment) => rollingRestart(environment, { onStop: 'exit' }),
  },
  { name: 'restart-only', title: 'restart of the only replica', setUp: restartOnly },
  {
    name: 'recreate-two',
    title: 'compose up --force-recreate, two replicas',
    setUp: (environment) => recreate(environment, 2),
  },
  {
    name: 'recreate-one',
    title: 'compose up --force-recreate, one replica',
    setUp: (environment) => recreate(environment, 1),
  },
  { name: 'scale', title: 'compose up --scale 1, 5, 1', setUp: scale },
  { name: 'crash', title: 'crash of the only replica, with a restart policy', setUp: crash },
  { name: 'kill', title: 'docker kill -s KILL one of two, start', setUp: kill },
  { name: 'pause', title: 'pause and unpause one of two', setUp: pause },
  { name: 'late-port', title: 'a replica whose port opens after 3 s joins another', setUp: latePort },
  { name: 'unhealthy', title: 'HEALTHCHECK of one of two fails, passes', setUp: unhealthy },
];

/** The number of connections to be answered while a replica is away, so that its absence has an effect. */
const whileAway = 100;

async function stopAndStart(environment: SoakEnvironment, options: ReplicaOptions): Promise<Round> {
  const replicas = await environment.start(3, options);
  return async (index) => {
    const one = nth(replicas, index);
    await one.stop();
    const from = environment.mark();
    await one.start();
    await environment.ready(one.name, from);
  };
}

async function rollingRestart(environment: SoakEnvironment, options: ReplicaOptions): Promise<Round> {
  const replicas = await environment.start(3, options);
  return async () => {
    for (const one of replicas) await restart(environment, one);
  };
}

async function restartOnly(environment: SoakEnvironment): Promise<Round> {
  const only = nth(await environment.start(1), 0);
  return () => restart(environment, only);
}

async function restart(environment: SoakEnvironment, one: TestContainer): Promise<void> {
  const from = environment.mark();
  await one.restart();
  await environment.ready(one.name, from);
}

async function recreate(environment: SoakEnvironment, replicas: number): Promise<Round> {
  const project = environment.keep(composeProject(environment));
  await project.up(replicas);
  return () => project.up(replicas, '--force-recreate');
}

async function scale(environment: SoakEnvironment): Promise<Round> {
  const project = environment.keep(composeProject(environment));
  await project.up(1);
  return async () => {
    await project.up(5);
    await project.up(1);
  };
}

/**
 * Crashes the only replica. Docker doubles the delay of a restart whenever the run before was shorter than ten seconds,
 * so each round crashes a new replica, which has replaced the last one.
 */
async function crash(environment: SoakEnvironment): Promise<Round> {
  const options: ReplicaOptions = { host: { RestartPolicy: { Name: 'always' } } };
  let only = nth(await environment.start(1, options), 0);
  return async () => {
    const from = environment.mark();
    // The signal is sent inside of the container: after a signal through the engine, the engine does not restart it.
    await only.exec(['sh', '-c', 'kill -USR2 1']);
    await environment.left(only.name, from);
    await environment.ready(only.name, environment.mark());
    const [next] = await environment.start(1, options);
    const before = only;
    only = next ?? only;
    await before.stop();
    await before.remove();
  };
}

async function kill(environment: SoakEnvironment): Promise<Round> {
  const replicas = await environment.start(2);
  return async (index, load) => {
    const one = nth(replicas, index);
    const from = environment.mark();
    await one.kill('SIGKILL');
    await environment.left(one.name, from);
    await load.answered(whileAway);
    await one.start();
    await environment.ready(one.name, from);
  };
}

async function pause(environment: SoakEnvironment): Promise<Round> {
  const replicas = await environment.start(2);
  return async (index, load) => {
    const one = nth(replicas, index);
    const from = environment.mark();
    await one.pause();
    await environment.became(one.name, 'paused', from);
    await load.answered(whileAway);
    await one.unpause();
    await environment.ready(one.name, from);
  };
}

async function latePort(environment: SoakEnvironment): Promise<Round> {
  await environment.start(1);
  const late = nth(await environment.start(1, { openAfterMs: 3_000 }), 0);
  await late.stop();
  return async () => {
    const from = environment.mark();
    await late.start();
    await environment.ready(late.name, from);
    await late.stop();
  };
}

/**
 * Healthy while a file in the container contains `well`. The check uses only the shell, as the image has few programs.
 */
const healthcheck: ReplicaOptions = {
  create: {
    Healthcheck: {
      Test: ['CMD-SHELL', 'read state < /tmp/health && [ "$state" = well ]'],
      Interval: 300_000_000,
      Timeout: 2_000_000_000,
      Retries: 1,
    },
  },
};

async function unhealthy(environment: SoakEnvironment): Promise<Round> {
  await environment.start(1);
  const checked = await environment.launch(healthcheck);
  const setHealth = (state: string): Promise<unknown> => checked.exec(['sh', '-c', `echo ${state} > /tmp/health`]);
  await setHealth('well');
  await environment.ready(checked.name, 0);
  return async (_index, load) => {
    const from = environment.mark();
    await setHealth('sick');
    await environment.became(checked.name, 'unhealthy', from);
    await load.answered(whileAway);
    await setHealth('well');
    await environment.ready(checked.name, from);
  };
}

function nth(replicas: readonly TestContainer[], index: number): TestContainer {
  const one = replicas[index % replicas.length];
  if (!one) throw new Error('a scenario needs replicas');
  return one;
}
