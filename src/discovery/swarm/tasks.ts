import type { Condition, DeclaredUpstream, TaskTag } from '../../catalog/declaration.ts';
import type { Problem } from '../../catalog/problem.ts';
import { nameOfSwarmService, projectOf } from '../../docker/creator.ts';
import type { Vantage } from '../../docker/facts.ts';
import type { SwarmNode, SwarmService, SwarmTask, SwarmView } from '../../docker/swarm/facts.ts';
import { declareRoutes, type DeclaredRoutes, type FoundAddresses, type Labelled } from '../declare-routes.ts';
import { noDiscovery, type Discovery, type DiscoveryRules } from '../discover.ts';
import { hasLabelsOf } from '../interest.ts';
import { labelOf } from '../label-names.ts';
import { identityOf, type Nameable } from '../names/named-route.ts';
import type { LabelledRoute } from '../labels.ts';
import { healthPlan, upstreamOf } from '../options.ts';
import { serviceName } from '../service-name.ts';
import { withServiceLabels } from './service-labels.ts';
import { outlivedTasks } from './outlived-tasks.ts';
import { swarmProblems } from './problems.ts';
import { chooseTaskAddresses } from './task-addresses.ts';
import { endWanted, stageOf, type TaskStage } from './task-stage.ts';
import { tagOfTask } from './task-tag.ts';

/**
 * Turns what a Swarm's manager tells into declarations. Pure. The tasks of Sealane's own node are declared as containers
 * of its engine, which tells of their deaths at once; here are those of other nodes, and all that do not run yet.
 *
 * A task that is to run, and does not yet, declares its service without an upstream, so that clients wait for it.
 */
export type TaskRules = Omit<DiscoveryRules, 'engine' | 'hasRoute' | 'isRouted' | 'routesVersion'>;

export interface TaskInput {
  /** Sealane's vantage on the engine that it runs on. */
  readonly vantage: Vantage | undefined;
  readonly swarm: SwarmView | undefined;
}

/** A discoverer remembers its result for each task, by the identity of what it is made of. */
export function createTaskDiscoverer(rules: TaskRules): (input: TaskInput) => Discovery {
  let last: (TaskInput & { readonly discovery: Discovery }) | undefined;
  let memo = new WeakMap<SwarmTask, Remembered>();
  const namesOf = rememberingNames(rules);
  return ({ vantage, swarm }) => {
    if (!vantage || !swarm) return noDiscovery;
    if (last?.vantage === vantage && last.swarm === swarm) return last.discovery;
    if (last?.vantage !== vantage) memo = new WeakMap();
    const discover = (one: Omit<TaskInPlace, 'vantage'>): DeclaredRoutes => {
      const { task, service, node, isOutlived } = one;
      const known = memo.get(task);
      if (known?.service === service && known.node === node && known.isOutlived === isOutlived) return known.routes;
      const routes = declareTask({ ...one, vantage }, rules);
      memo.set(task, { service, node, isOutlived, routes });
      return routes;
    };
    last = { vantage, swarm, discovery: discoverAll(swarm, discover, namesOf) };
    return last.discovery;
  };
}

interface Remembered extends Pick<TaskInPlace, 'service' | 'node' | 'isOutlived'> {
  readonly routes: DeclaredRoutes;
}

function discoverAll(
  { snapshot, localNodeId }: SwarmView,
  discover: (one: Omit<TaskInPlace, 'vantage'>) => DeclaredRoutes,
  namesOf: (service: SwarmService) => readonly string[],
): Discovery {
  const declarations: Discovery['declarations'][number][] = [];
  const problems: Problem[] = [];
  const outlived = outlivedTasks(snapshot);
  for (const task of snapshot.tasks.values()) {
    const service = snapshot.services.get(task.serviceId);
    if (!service) continue;
    const node = task.nodeId === undefined ? undefined : snapshot.nodes.get(task.nodeId);
    const stage = stageOf(task, node);
    const isOfEngine = task.nodeId !== undefined && task.nodeId === localNodeId && stage !== 'waiting';
    if (stage === 'gone' || isOfEngine) continue;
    const routes = discover({ task, service, node, isOutlived: outlived.has(task) });
    for (const declaration of routes.declarations) declarations.push(declaration);
    for (const problem of routes.problems) problems.push(problem);
  }
  problems.push(...swarmProblems(snapshot, namesOf));
  return { declarations, problems, restarted: [] };
}

interface TaskInPlace {
  readonly task: SwarmTask;
  readonly service: SwarmService;
  readonly node: SwarmNode | undefined;
  /** Whether another task has one of its addresses by now. */
  readonly isOutlived: boolean;
  readonly vantage: Vantage;
}

const nothing: DeclaredRoutes = { declarations: [], problems: [], hasRoutes: false, chosen: [] };

function declareTask({ task, service, node, isOutlived, vantage }: TaskInPlace, rules: TaskRules): DeclaredRoutes {
  const { labelPrefix, scope } = rules;
  const labels = withServiceLabels(task.template.labels, service, labelPrefix);
  const project = projectOf(labels);
  if (!hasLabelsOf(labelPrefix, labels)) return nothing;
  if (scope === 'project' && (project === undefined || project !== vantage.project)) return nothing;
  const stage = stageOf(task, node);
  const tag = tagOfTask(task, service, node);
  const name = `${tag.name}.${tag.id}`;
  const { createdAtMs, containerId = task.id } = task;
  const serviceCreatedAtMs = service.createdAtMs;
  const reach = vantage.reach;
  const declared = declareRoutes(
    {
      labels,
      declarer: { kind: 'container', id: containerId, name, createdAtMs, serviceCreatedAtMs, project, task: tag },
      serviceOf: (route) => nameOfRoute(service, labels, route),
      onlyPort: undefined,
      ...nameableOf(service, labels, tag.name),
      portUnclear: (route) => portUnclear(route, labelPrefix),
      choose: (port, network) =>
        stage === 'waiting' || isOutlived
          ? { kind: 'not-yet' }
          : chooseTaskAddresses({ task, service, node, port, reach, network, project }),
      toUpstream: (choice, port, route) => toUpstream({ task, stage, tag, name, choice, port, route }),
    },
    rules,
  );
  // Before it runs, its image is not known, which may have labels, too; once it is to end, it loses its addresses.
  return stage === 'running' ? declared : { ...declared, problems: [] };
}

function nameOfRoute(service: SwarmService, labels: Labelled['labels'], route: LabelledRoute): string {
  return serviceName({ name: service.name, labels: ofService(service, labels) }, route, {});
}

function ofService({ name }: SwarmService, labels: Labelled['labels']): Labelled['labels'] {
  return { ...labels, 'com.docker.swarm.service.name': name };
}

/** Which ports an image exposes is not told, so that a label has to name the port. */
function nameableOf(service: SwarmService, labels: Labelled['labels'], name: string): Nameable {
  return {
    image: undefined,
    webPort: { kind: 'none', because: 'the Swarm does not tell which ports its image exposes' },
    identity: (route) => identityOf({ name, labels: ofService(service, labels) }, route, {}),
  };
}

/** Which ports an image exposes is known on the node alone that has the image. */
function portUnclear({ name }: LabelledRoute, prefix: string): { readonly message: string; readonly fix: string } {
  const label = labelOf(prefix, name ?? '', 'port');
  return {
    message: `the Swarm does not tell which ports its image exposes, and the label ${label} is missing`,
    fix: `Add ${label}=<port>.`,
  };
}

interface FoundTask {
  readonly task: SwarmTask;
  readonly stage: TaskStage;
  readonly tag: TaskTag;
  readonly name: string;
  readonly choice: FoundAddresses;
  readonly port: number;
  readonly route: LabelledRoute;
}

/**
 * A Swarm never starts the container of a task again, so that its id stands for its only run. The key has the task's id, which a
 * manager gives: the container's is what a node says, which may be that of another's.
 */
function toUpstream({ task, stage, tag, name, choice, port, route }: FoundTask): DeclaredUpstream | undefined {
  const { id, containerId, desiredState, template } = task;
  if (containerId === undefined) return undefined;
  const { endpoints, publishedBecause } = choice;
  const condition: Condition =
    stage === 'stopping'
      ? { kind: 'stopping', reason: endWanted(desiredState) }
      : { kind: 'running', health: template.hasHealthcheck ? 'healthy' : 'none' };
  return {
    key: `${id}@task:${port}${route.name === undefined ? '' : `#${route.name}`}`,
    run: { id: containerId, startedAtNs: 0n, task: { id, serviceId: task.serviceId } },
    task: tag,
    name,
    ...(tag.node !== undefined && { node: tag.node }),
    endpoints,
    ownsAddresses: true,
    isRemote: true,
    ...upstreamOf(route.values),
    health: healthPlan(route.values, template.hasHealthcheck, 'readiness'),
    condition,
    drainMs: route.values.drain ?? Math.min(template.stopGraceMs, 2 ** 31 - 1),
    ...(publishedBecause !== undefined && { published: { because: publishedBecause, port } }),
  };
}

/** A problem of many services costs the reading of their labels once, not at each change of another one. */
function rememberingNames(rules: TaskRules): (service: SwarmService) => readonly string[] {
  const known = new WeakMap<SwarmService, readonly string[]>();
  return (service) => {
    const names = known.get(service) ?? servicesOf(service, rules);
    known.set(service, names);
    return names;
  };
}

/** The services that the tasks of a Swarm's service make, for problems of it. */
function servicesOf(service: SwarmService, rules: TaskRules): readonly string[] {
  const labels = withServiceLabels(service.template.labels, service, rules.labelPrefix);
  const { declarations } = declareRoutes(
    {
      labels,
      declarer: { kind: 'container', id: service.id, name: service.name, createdAtMs: service.createdAtMs },
      serviceOf: (route) => nameOfRoute(service, labels, route),
      // Any port will do for the name.
      onlyPort: 1,
      ...nameableOf(service, labels, service.name),
      portUnclear: (route) => portUnclear(route, rules.labelPrefix),
      choose: () => ({ kind: 'not-yet' }),
      toUpstream: () => undefined,
    },
    rules,
  );
  const named = [...new Set(declarations.map((one) => one.service))];
  return named.length > 0 ? named : [nameOfSwarmService(service.name, labels)];
}
