import type { Condition, Declaration, DeclaredUpstream, SleepPlan, TaskTag } from '../catalog/declaration.ts';
import { nameAt, type EngineTag } from '../catalog/container-name.ts';
import { severalRestarts, type RestartedContainer } from '../catalog/problems/crash-loops.ts';
import type { Exposure } from '../catalog/exposure.ts';
import type { Problem } from '../catalog/problem.ts';
import { isOneoff, projectOf } from '../docker/creator.ts';
import type { ContainerFacts, EngineSnapshot, Reach, Vantage } from '../docker/facts.ts';
import { printable, quoted } from '../text/printable.ts';
import { declareRoutes, type FoundAddresses, type RouteRules } from './declare-routes.ts';
import { labelOf } from './label-names.ts';
import type { LabelledRoute } from './labels.ts';
import { exposuresOf, notExposed, whyNotExposed } from './names/exposing.ts';
import { identityOf } from './names/named-route.ts';
import { chooseWebPort } from './names/web-port.ts';
import { healthPlan, sleepPlan, upstreamOf } from './options.ts';
import { adviseOtherPort, onlyExposedPort, portUnclear } from './port-choice.ts';
import { isRemote } from './addresses/published.ts';
import { chooseAddresses } from './addresses/reachable.ts';
import { serviceName } from './service-name.ts';
import { isSamePlace, placeInSwarm, type PlaceInSwarm, type SwarmKnowledge } from './swarm/place.ts';
import { withServiceLabels } from './swarm/service-labels.ts';
import { endWanted, isToEnd } from './swarm/task-stage.ts';
import { tagOfContainer } from './swarm/task-tag.ts';
import { hasLabelsOf, type Expose } from './interest.ts';

/**
 * Turns the engine's snapshot into declarations. Pure. What a container declares depends only on its own facts, those
 * of its parent, the vantage and the rules, so it is computed again only when one of them changed.
 */
export interface Discovery {
  readonly declarations: readonly Declaration[];
  readonly problems: readonly Problem[];
  /** The containers that the engine restarted several times. */
  readonly restarted: readonly RestartedContainer[];
  /** The containers whose port was chosen, or that were looked at and got no name. */
  readonly exposed?: readonly Exposure[];
}

export interface DiscoveryRules extends EngineTag, RouteRules {
  /** Whether containers without labels are served, too, under their names; `labelled` unless given. */
  readonly expose?: Expose;
  /** Which containers are served; `project` stands for those of Sealane's own compose project or stack. */
  readonly scope: 'all' | 'project';
  /** Whether this machine is on a network with the address; true unless given. */
  readonly hasRoute?: (address: string) => boolean;
  /** Another number after each change of what leads to addresses; always the same unless given. */
  readonly routesVersion?: () => number;
  /** Whether a route other than the default one leads to the address through a router; false unless given. */
  readonly isRouted?: (address: string) => boolean;
}

export const noDiscovery: Discovery = { declarations: [], problems: [], restarted: [] };

export interface DiscoveryInput extends Pick<EngineSnapshot, 'containers' | 'stopped' | 'vantage'>, SwarmKnowledge {}

/** A discoverer remembers its result for each container, by the identity of the facts. */
export function createDiscoverer(rules: DiscoveryRules): (input: DiscoveryInput) => Discovery {
  let vantageOfMemo: Vantage | undefined;
  let memo = new WeakMap<ContainerFacts, Remembered>();
  return ({ containers, stopped, vantage, ...swarm }) => {
    if (!vantage) return noDiscovery;
    if (vantage !== vantageOfMemo) memo = new WeakMap();
    vantageOfMemo = vantage;
    const routes = rules.routesVersion?.();
    const declarations: Declaration[] = [];
    const problems: Problem[] = [];
    const restarted: RestartedContainer[] = [];
    const exposed: Exposure[] = [];
    for (const facts of [...containers.values(), ...stopped.values()]) {
      const parent = facts.networking.kind === 'container' ? containers.get(facts.networking.of) : undefined;
      const inSwarm = placeInSwarm(facts, swarm, rules.labelPrefix);
      if (inSwarm?.isElsewhere === true) continue;
      if (inSwarm?.isUnsure === true) {
        if (swarm.isSwarmAwaited !== true) problems.push(leftOut(facts, rules));
        continue;
      }
      let remembered = memo.get(facts);
      if (
        !remembered ||
        remembered.parent !== parent ||
        !isSamePlace(remembered.inSwarm, inSwarm) ||
        (remembered.discovery.isUnrouted === true && remembered.routes !== routes)
      ) {
        const discovery = discoverContainer({ facts, parent, inSwarm }, vantage, rules);
        remembered = { parent, inSwarm, routes, discovery };
        memo.set(facts, remembered);
      }
      for (const declaration of remembered.discovery.declarations) declarations.push(declaration);
      for (const problem of remembered.discovery.problems) problems.push(problem);
      for (const container of remembered.discovery.restarted) restarted.push(container);
      for (const one of remembered.discovery.exposed ?? []) exposed.push(one);
    }
    return { declarations, problems, restarted, exposed };
  };
}

function leftOut({ id, name, labels }: ContainerFacts, rules: DiscoveryRules): Problem {
  const service = quoted(labels['com.docker.swarm.service.name'] ?? '');
  return {
    code: 'swarm-unreachable',
    subject: 'the Swarm',
    containerId: id,
    message: `it does not tell of the service ${service} of container ${nameAt(printable(name), rules)}, whose labels may restrict who is let in`,
    fix: 'See the log for what was unreadable of the service.',
  };
}

/** What a container's declarations are made of. */
interface ContainerInput {
  readonly facts: ContainerFacts;
  readonly parent: ContainerFacts | undefined;
  readonly inSwarm: PlaceInSwarm | undefined;
}

interface Remembered extends Omit<ContainerInput, 'facts'> {
  /** The version of the routes. */
  readonly routes: number | undefined;
  readonly discovery: ContainerDiscovery;
}

interface ContainerDiscovery extends Discovery {
  /**
   * None of the container's own addresses had a route when they were chosen from. A network that comes later is noticed with
   * the next change of any container.
   */
  readonly isUnrouted?: true;
}

function discoverContainer(
  { facts, parent, inSwarm }: ContainerInput,
  vantage: Vantage,
  rules: DiscoveryRules,
): ContainerDiscovery {
  const { id, createdAtMs } = facts;
  const labels = withServiceLabels(facts.labels, inSwarm?.service, rules.labelPrefix);
  const project = projectOf(labels);
  const isLabelled = hasLabelsOf(rules.labelPrefix, labels);
  // Stopped containers are followed for the sake of others in their project.
  if (!isLabelled && (facts.state === 'exited' || facts.state === 'created')) return noDiscovery;
  if (!isLabelled && (rules.expose !== 'all' || !rules.names || isStopped(facts))) return noDiscovery;
  if (rules.scope === 'project' && (project === undefined || project !== vantage.project)) return noDiscovery;
  // A one-off container must not get clients.
  if (isOneoff(labels)) return noDiscovery;
  const name = nameAt(printable(facts.name), rules);
  const webPort = chooseWebPort(facts);
  const asExposed = { id, name, engine: rules.engine };
  const whyNot = isLabelled ? undefined : whyNotExposed(facts, vantage, webPort);
  if (whyNot !== undefined) return { ...noDiscovery, exposed: [notExposed(asExposed, whyNot)] };
  const task = tagOfContainer(labels, inSwarm);
  const ofService = inSwarm?.service && { serviceCreatedAtMs: inSwarm.service.createdAtMs };
  const { engine, hasRoute = () => true, isRouted = () => false } = rules;
  const query = { facts, reach: vantage.reach, project, parent, hasRoute, isRouted };
  const routing: { isUnrouted?: true } = {};
  const declared = declareRoutes(
    {
      labels,
      isUnlabelled: !isLabelled,
      isRemovedAtEnd: facts.isRemovedAtEnd,
      declarer: { kind: 'container', id, name, engine, createdAtMs, project, ...(task && { task }), ...ofService },
      serviceOf: (route) => serviceName({ name: facts.name, labels }, route, rules),
      onlyPort: onlyExposedPort(facts),
      image: facts.image,
      webPort,
      identity: (route) => identityOf({ name: facts.name, labels }, route, rules),
      portUnclear: (route) => portUnclear(facts, rules.labelPrefix, route),
      choose(port, network) {
        if (isStopped(facts) || facts.state === 'restarting') return noAddresses;
        const choice = chooseAddresses({ ...query, network, port });
        if (choice.kind !== 'not-yet' && choice.unrouted?.length) routing.isUnrouted = true;
        return choice;
      },
      toUpstream: (choice, port, route) => toUpstream({ ...query, task, inSwarm, choice, port, route }, rules),
    },
    rules,
  );
  const [problem] = declared.problems;
  // Of a container that asks for nothing, it is no problem that it can't be reached.
  if (!isLabelled && problem) return { ...noDiscovery, exposed: [notExposed(asExposed, problem.message)], ...routing };
  const { declarations, problems, hasRoutes } = declared;
  if (isStopped(facts)) return { ...noDiscovery, declarations: declarations.filter(({ upstream }) => upstream) };
  // A container that asks for no route, as with `enable=false`, may restart as it likes.
  const restarted = isLabelled && hasRoutes ? restartedOf(facts, rules) : [];
  return {
    declarations,
    problems,
    restarted,
    exposed: exposuresOf(asExposed, declared.chosen, isLabelled),
    ...routing,
  };
}

function restartedOf(facts: ContainerFacts, rules: EngineTag): readonly RestartedContainer[] {
  const { id, state, restarts = 0, lastExit } = facts;
  if (restarts < severalRestarts) return [];
  const name = nameAt(printable(facts.name), rules);
  const isRunning = state !== 'restarting';
  return [{ id, name, engine: rules.engine, isRunning, restarts, exitCode: lastExit?.code }];
}

/** A stopped container has no address until it is started. */
const noAddresses: FoundAddresses = { kind: 'found', endpoints: [] };

function isStopped({ state }: ContainerFacts): boolean {
  return state === 'exited' || state === 'created';
}

interface FoundUpstream {
  readonly facts: ContainerFacts;
  readonly reach: Reach;
  readonly task: TaskTag | undefined;
  readonly inSwarm: PlaceInSwarm | undefined;
  readonly choice: FoundAddresses;
  readonly port: number;
  readonly route: LabelledRoute;
}

/**
 * The key has the container's id, start time and port, but no address: an engine gives an address to another container
 * within milliseconds, and a container that joins a second network stays the same process.
 */
function toUpstream(
  { facts, reach, task, inSwarm, choice, port, route }: FoundUpstream,
  rules: DiscoveryRules,
): DeclaredUpstream | undefined {
  const { endpoints, publishedBecause, advice } = choice;
  const { name, values } = route;
  const plan = task ? undefined : sleepPlan(values, rules.actions);
  const sleep = facts.isRemovedAtEnd && plan?.mode === 'stop' ? undefined : plan;
  // One that its restart policy starts again and again has ended at once: a client is told so, and does not wait in vain.
  const sleeps = (isStopped(facts) || facts.state === 'restarting') && sleep !== undefined;
  if (facts.state !== 'running' && facts.state !== 'paused' && !sleeps) return undefined;
  const shown = nameAt(printable(facts.name), rules);
  const portLabel = labelOf(rules.labelPrefix, name ?? '', 'port');
  const silentAdvice = advice ?? adviseOtherPort(shown, facts, port, portLabel);
  return {
    key: `${facts.id}@${sleeps ? 'asleep' : facts.startedAtNs}:${port}${name === undefined ? '' : `#${name}`}`,
    run: { id: facts.id, startedAtNs: facts.startedAtNs },
    ...(task && { task }),
    name: shown,
    engine: rules.engine,
    endpoints,
    ownsAddresses: true,
    ...(isRemote(reach) && { isRemote: true }),
    ...upstreamOf(values),
    health: healthPlan(values, facts.health !== 'none', 'readiness'),
    ...(sleep && { sleep }),
    condition: conditionOf(facts, inSwarm, sleep),
    drainMs: values.drain ?? Math.min(facts.stopTimeoutMs, 2 ** 31 - 1),
    ...(silentAdvice === undefined ? {} : { silentAdvice }),
    ...(publishedBecause === undefined ? {} : { published: { because: publishedBecause, port } }),
  };
}

function conditionOf(
  { state, health, stopRequest }: ContainerFacts,
  inSwarm: PlaceInSwarm | undefined,
  sleep: SleepPlan | undefined,
): Condition {
  if (state === 'exited' || state === 'created' || state === 'restarting') return { kind: 'asleep', how: 'stopped' };
  if (stopRequest) return { kind: 'stopping', reason: `it was sent ${stopRequest.signal}` };
  const desired = inSwarm?.desired ?? '';
  // The Swarm wants it seconds before it sends the stop signal.
  if (isToEnd(desired)) return { kind: 'stopping', reason: endWanted(desired) };
  if (state === 'paused' && sleep?.mode === 'pause') return { kind: 'asleep', how: 'paused' };
  return state === 'paused' ? { kind: 'paused' } : { kind: 'running', health };
}
