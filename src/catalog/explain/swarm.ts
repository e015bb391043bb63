import { plural } from '../../text/plural.ts';
import { bringSwarmBack, howToGetImage, howToPlace, howToSeeEnd } from '../advice.ts';
import type { Service } from '../service.ts';
import { bad } from './cause.ts';
import type { Diagnosis, Step } from './explanation.ts';
import type { ContainerView, ExplainWorld, SwarmServiceView } from './world.ts';

/**
 * What explanations say of a Swarm: whether it can be asked, its services that declare nothing, and its tasks that no
 * watched engine has a container of. Pure.
 */
export function swarmSteps({ swarm }: ExplainWorld): Step[] {
  return swarm ? [{ step: 'engine', status: statuses[swarm.state], text: swarm.text }] : [];
}

const statuses = { watched: 'ok', failing: 'bad', reading: 'warn', unseen: 'info' } as const;

/** Whether a task of a Swarm has a part in the service. */
export function hasTasks({ declarers, upstreams }: Service): boolean {
  return (
    declarers.some((one) => one.kind === 'container' && one.task !== undefined) ||
    upstreams.some(({ declared }) => declared.task !== undefined)
  );
}

/** The Swarm's name of the service that declared this one, where the Swarm does not have it any more. */
export function removedService({ declarers }: Pick<Service, 'declarers'>, { swarm }: ExplainWorld): string | undefined {
  const [name] = declarers.flatMap((one) => (one.kind === 'container' && one.task ? one.task.service : []));
  return name !== undefined && swarm?.state === 'watched' && !swarm.find(name) ? name : undefined;
}

/** What keeps a task that only a manager tells of from running; undefined where it runs. */
export function diagnoseTold({ name, task, told }: ContainerView): Diagnosis | undefined {
  if (!task || !told) return undefined;
  const { words } = told;
  const { node = 'no node' } = task;
  const history = `docker service ps --no-trunc ${task.service}`;
  switch (told.stage) {
    case 'running':
    case 'stopping':
      return undefined;
    case 'waiting':
      return told.isRefused
        ? bad('task-pending', `${task.name} can't be placed on a node: ${words}`, howToPlace(task.service))
        : bad('task-starting', `${task.name} does not run yet: ${words}`, `Ask again in a moment. See: ${history}`);
    case 'lost':
      return bad(
        'node-down',
        `${name} was on node ${node}, which the Swarm has lost`,
        'Bring the node back; the Swarm starts the task on another node that fits.',
      );
    case 'ended':
      return told.isImageMissing
        ? bad('image-missing', `${task.name} has no image on node ${node}: ${words}`, howToGetImage)
        : bad('task-failing', `${task.name} ended on node ${node}: ${words}`, howToSeeEnd(task.service));
  }
}

/** Why a container gets no clients that its labels call a task; undefined where the Swarm does so, too. */
export function diagnoseClaim({ name, task, isLeftToManager }: ContainerView): Diagnosis | undefined {
  if (!task || isLeftToManager !== true) return undefined;
  const { node = 'no node' } = task;
  return bad(
    'not-in-swarm',
    `${name} has the labels of the task ${task.name} on node ${node}, and no manager tells that it runs there`,
    `See what runs there: docker service ps --no-trunc ${task.service}. A container that is no task needs other labels.`,
  );
}

/** Why a Swarm's service that declares nothing has no clients. */
export function diagnoseSwarmService(service: SwarmServiceView, { labelPrefix }: ExplainWorld): Diagnosis {
  const { name, isLabelled, isJob, replicas } = service;
  if (!isLabelled) {
    return bad(
      'never-labelled',
      `${name} has no ${labelPrefix}. label, neither the service nor its containers, so Sealane ignores it`,
      `docker service update --label-add ${labelPrefix}.port=<port> ${name}`,
    );
  }
  if (replicas === 0)
    return bad('no-container', `${name} is scaled to 0, so that it has no task`, `docker service scale ${name}=1`);
  if (isJob)
    return bad('no-container', `${name} is a job, of which no task runs`, `docker service ps --no-trunc ${name}`);
  const wanted = replicas === undefined ? 'one task on each node that fits' : plural(replicas, 'task');
  return bad(
    'no-container',
    `${name} has no task yet; it is to have ${wanted}`,
    `Ask again in a moment. See: docker service ps --no-trunc ${name}`,
  );
}

/** The diagnosis for a subject that may be on another node of a Swarm, where it can't be asked. */
export function beyondSight(missing: string, { swarm }: ExplainWorld): Diagnosis | undefined {
  switch (swarm?.state) {
    case undefined:
    case 'watched':
      return undefined;
    case 'unseen':
      return bad(
        'no-manager',
        `${missing} on this node of a Swarm, and no manager is watched to ask of other nodes`,
        'Run Sealane on a manager, or let it watch one, too: --docker local=…,managers=tcp://<a manager>',
      );
    case 'reading':
      return bad('not-synced', `${missing} so far; ${swarm.text}`, 'Ask again in a moment.');
    case 'failing':
      return bad('swarm-unreachable', `${missing} as far as is known; ${swarm.text}`, bringSwarmBack);
  }
}

/** The diagnosis of a service that is served as last known, since its tasks are on nodes that only the Swarm tells of. */
export function servedAsLastKnown(service: Service, served: string, { swarm }: ExplainWorld): Diagnosis | undefined {
  const isTold = service.upstreams.some(({ declared }) => declared.node !== undefined);
  if (swarm?.state !== 'failing' || !isTold) return undefined;
  const summary = `${served} as last known: ${swarm.text}`;
  return {
    verdict: 'degraded',
    cause: 'swarm-unreachable',
    summary,
    next: `${bringSwarmBack} Relaying goes on meanwhile.`,
  };
}
