import type { Condition, Declaration, DeclaredUpstream, Declarer } from '../catalog/declaration.ts';
import { nameAt, type EngineTag } from '../catalog/container-name.ts';
import { severalRestarts, type RestartedContainer } from '../catalog/problems/crash-loops.ts';
import type { Problem } from '../catalog/problem.ts';
import { rangeLength, type ListenRange } from '../address/listen.ts';
import { serviceName as serviceNameKind } from '../config/options/kinds.ts';
import { defaultSocketFolder } from '../config/settings.ts';
import type { ContainerFacts, EngineSnapshot, Vantage } from '../docker/facts.ts';
import { printable } from '../text/printable.ts';
import type { AddressChoice } from './address-choice.ts';
import { chooseAddresses } from './reachable-address.ts';
import { labelOf } from './label-names.ts';
import { readLabels, type LabelledRoute } from './labels.ts';
import { expandListen, mistakeIn } from './expand-listen.ts';
import { healthPlan, matchOf, poolOf, upstreamOf } from './options.ts';
import { hasLabelsOf } from './world.ts';

/**
 * Turns the engine's snapshot into declarations. Pure. What a container declares depends only on its own facts, those
 * of its parent, the vantage and the rules, so it is computed again only when one of them changed.
 */
export interface Discovery {
  readonly declarations: readonly Declaration[];
  readonly problems: readonly Problem[];
  /** The containers that the engine restarted several times. */
  readonly restarted: readonly RestartedContainer[];
}

export interface DiscoveryRules extends EngineTag {
  readonly labelPrefix: string;
  /** Which containers are served; `project` stands for those of Sealane's own compose project. */
  readonly scope: 'all' | 'project';
  /** The address of listeners that have only a port. */
  readonly bind: string;
  /** The folder in which labels may open Unix sockets; `defaultSocketFolder` unless given. */
  readonly socketFolder?: string;
  /** Whether this machine is on a network with the address; true unless given. */
  readonly hasRoute?: (address: string) => boolean;
}

export const noDiscovery: Discovery = { declarations: [], problems: [], restarted: [] };

/** A discoverer remembers its result for each container, by the identity of the facts. */
export function createDiscoverer(
  rules: DiscoveryRules,
): (snapshot: Pick<EngineSnapshot, 'containers' | 'vantage'>) => Discovery {
  let vantageOfMemo: Vantage | undefined;
  let memo = new WeakMap<ContainerFacts, Remembered>();
  return ({ containers, vantage }) => {
    if (!vantage) return noDiscovery;
    if (vantage !== vantageOfMemo) memo = new WeakMap();
    vantageOfMemo = vantage;
    const declarations: Declaration[] = [];
    const problems: Problem[] = [];
    const restarted: RestartedContainer[] = [];
    for (const facts of containers.values()) {
      const parent = facts.networking.kind === 'container' ? containers.get(facts.networking.of) : undefined;
      let remembered = memo.get(facts);
      if (remembered?.parent !== parent || !remembered || isRoutedNow(remembered.discovery, rules)) {
        remembered = { parent, discovery: discoverContainer(facts, parent, vantage, rules) };
        memo.set(facts, remembered);
      }
      for (const declaration of remembered.discovery.declarations) declarations.push(declaration);
      for (const problem of remembered.discovery.problems) problems.push(problem);
      for (const container of remembered.discovery.restarted) restarted.push(container);
    }
    return { declarations, problems, restarted };
  };
}

interface Remembered {
  readonly parent: ContainerFacts | undefined;
  readonly discovery: ContainerDiscovery;
}

interface ContainerDiscovery extends Discovery {
  /** The container's own addresses, where none of them had a route when they were chosen from. */
  readonly unrouted?: readonly string[];
}

/** A network that comes later is noticed with the next change of any container. */
function isRoutedNow({ unrouted = [] }: ContainerDiscovery, { hasRoute }: DiscoveryRules): boolean {
  return hasRoute !== undefined && unrouted.some(hasRoute);
}

function discoverContainer(
  facts: ContainerFacts,
  parent: ContainerFacts | undefined,
  vantage: Vantage,
  rules: DiscoveryRules,
): ContainerDiscovery {
  const { labels } = facts;
  const project = labels['com.docker.compose.project'];
  if (!hasLabelsOf(rules.labelPrefix, labels)) return noDiscovery;
  if (rules.scope === 'project' && (project === undefined || project !== vantage.project)) return noDiscovery;
  // `compose run` copies the service's labels to its one-off container, which must not get clients.
  if (labels['com.docker.compose.oneoff'] === 'True') return noDiscovery;
  const name = nameAt(printable(facts.name), rules);
  const reading = readLabels(labels, rules.labelPrefix, { id: facts.id, name });
  const problems = [...reading.problems];
  const declarations: Declaration[] = [];
  const unrouted = new Set<string>();
  for (const route of reading.routes) {
    const report = (code: Problem['code'], message: string, fix: string, option?: string): void => {
      const where = route.name === undefined ? '' : `route ${route.name}: `;
      problems.push({
        code,
        subject: name,
        containerId: facts.id,
        route: route.name ?? '',
        ...(option === undefined ? {} : { label: labelOf(rules.labelPrefix, route.name ?? '', option) }),
        message: where + message,
        fix,
      });
    };
    const { listen } = route.values;
    const isRange = rangeLength(listen) > 1;
    const port = route.values.port ?? (isRange ? listen?.[0]?.port : onlyExposedPort(facts));
    if (port === undefined) {
      reportPort(facts, rules.labelPrefix, route, report);
      continue;
    }
    const mistake = listen && mistakeIn(listen, port, rules.socketFolder ?? defaultSocketFolder);
    if (mistake) {
      report('label-malformed', mistake.message, mistake.fix, 'listen');
      continue;
    }
    const declaredBy: Declarer = {
      kind: 'container',
      id: facts.id,
      name,
      engine: rules.engine,
      createdAtMs: facts.createdAtMs,
      project,
      route: route.name ?? '',
    };
    const options = { match: matchOf(route.values), pool: poolOf(route.values) };
    let unreachable = false;
    const { hasRoute = () => true } = rules;
    for (const one of expandListen(serviceName(facts, route, rules), listen ?? [plain(port)], rules.bind)) {
      const query = { facts, reach: vantage.reach, network: route.values.network, project, parent, hasRoute };
      const choice = chooseAddresses({ ...query, port: port + one.portOffset });
      // For a range, only the first port that can't be reached is reported.
      if (choice.kind === 'none' && !unreachable) report(choice.code, choice.message, choice.fix);
      unreachable ||= choice.kind === 'none';
      const upstream =
        choice.kind === 'found' ? toUpstream(facts, choice, port + one.portOffset, route, rules) : undefined;
      if (choice.kind === 'found') for (const address of choice.unrouted ?? []) unrouted.add(address);
      for (const address of one.addresses) {
        declarations.push({ service: one.service, listen: address, ...options, upstream, declaredBy });
      }
    }
  }
  // A container that asks for no route, as with `enable=false`, may restart as it likes.
  const restarted = reading.routes.length === 0 ? [] : restartedOf(facts, rules);
  return { declarations, problems, restarted, ...(unrouted.size > 0 && { unrouted: [...unrouted] }) };
}

function restartedOf(facts: ContainerFacts, rules: EngineTag): readonly RestartedContainer[] {
  const { id, state, restarts = 0, lastExit } = facts;
  if (restarts < severalRestarts) return [];
  const name = nameAt(printable(facts.name), rules);
  const isRunning = state !== 'restarting';
  return [{ id, name, engine: rules.engine, isRunning, restarts, exitCode: lastExit?.code }];
}

/**
 * The key has the container's id, start time and port, but no address: an engine gives an address to another container
 * within milliseconds, and a container that joins a second network stays the same process.
 */
function toUpstream(
  facts: ContainerFacts,
  { endpoints, publishedBecause, advice }: Extract<AddressChoice, { kind: 'found' }>,
  port: number,
  { name, values }: LabelledRoute,
  rules: DiscoveryRules,
): DeclaredUpstream | undefined {
  if (facts.state !== 'running' && facts.state !== 'paused') return undefined;
  const route = name === undefined ? '' : `#${name}`;
  const shown = nameAt(printable(facts.name), rules);
  const portLabel = labelOf(rules.labelPrefix, name ?? '', 'port');
  const silentAdvice = advice ?? adviseOtherPort(shown, facts, port, portLabel);
  return {
    key: `${facts.id}@${facts.startedAtNs}:${port}${route}`,
    run: { id: facts.id, startedAtNs: facts.startedAtNs },
    name: shown,
    engine: rules.engine,
    endpoints,
    ownsAddresses: true,
    ...upstreamOf(values),
    health: healthPlan(values, facts.health !== 'none', 'readiness'),
    condition: conditionOf(facts),
    drainMs: values.drain ?? Math.min(facts.stopTimeoutMs, 2 ** 31 - 1),
    ...(silentAdvice === undefined ? {} : { silentAdvice }),
    ...(publishedBecause === undefined ? {} : { published: { because: publishedBecause, port } }),
  };
}

/** The label for a port that the container exposes, where it does not expose the declared one. */
function adviseOtherPort(
  name: string,
  { exposedPorts }: ContainerFacts,
  port: number,
  label: string,
): string | undefined {
  const [first, ...more] = exposedPorts;
  if (first === undefined || exposedPorts.includes(port)) return undefined;
  if (more.length === 0) return `${name} exposes port ${first}: set the label ${label}=${first}.`;
  return `${name} exposes ports ${portsNamed(exposedPorts)}: set the label ${label} to one of them.`;
}

/** A container may expose all 65,535 ports. */
const mostPortsNamed = 5;

function portsNamed(ports: readonly number[]): string {
  const shown = ports.slice(0, mostPortsNamed).join(', ');
  return ports.length > mostPortsNamed ? `${shown} and ${ports.length - mostPortsNamed} more` : shown;
}

function plain(port: number): ListenRange {
  return { host: undefined, port, count: 1 };
}

function conditionOf({ state, health, stopRequest }: ContainerFacts): Condition {
  if (stopRequest) return { kind: 'stopping', signal: stopRequest.signal };
  return state === 'paused' ? { kind: 'paused' } : { kind: 'running', health };
}

/**
 * The name from the compose labels, or the container's name when they are missing or no valid service name. Only the
 * latter is told apart by engine: replicas of one compose service may be on several engines.
 */
function serviceName(facts: ContainerFacts, route: LabelledRoute, rules: EngineTag): string {
  if (route.values.pool !== undefined) return route.values.pool;
  const { 'com.docker.compose.project': project, 'com.docker.compose.service': service } = facts.labels;
  const composed = serviceNameKind.schema.safeParse(`${project}/${service}`);
  const base =
    project !== undefined && service !== undefined && composed.success
      ? composed.data
      : nameAt(printable(facts.name), rules);
  return route.name === undefined ? base : `${base}:${route.name}`;
}

function onlyExposedPort(facts: ContainerFacts): number | undefined {
  return facts.exposedPorts.length === 1 ? facts.exposedPorts[0] : undefined;
}

function reportPort(
  facts: ContainerFacts,
  prefix: string,
  route: LabelledRoute,
  report: (code: Problem['code'], message: string, fix: string) => void,
): void {
  const label = labelOf(prefix, route.name ?? '', 'port');
  const what =
    facts.exposedPorts.length === 0
      ? 'it exposes no TCP port'
      : `it exposes several ports: ${portsNamed(facts.exposedPorts)}`;
  report('port-unclear', `${what}, and the label ${label} is missing`, `Add ${label}=<port>.`);
}
