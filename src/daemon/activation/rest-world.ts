import { isAsleep, type ComposePlace, type Need, type RestContainer, type RestWorld } from '../../activation/world.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameAt } from '../../catalog/container-name.ts';
import type { SleepPlan } from '../../catalog/declaration.ts';
import type { ServiceUpstream } from '../../catalog/upstream.ts';
import { hasLabelsOf } from '../../discovery/interest.ts';
import { composeOf, type ComposeLabels } from '../../docker/creator.ts';
import type { ContainerFacts, EngineSnapshot } from '../../docker/facts.ts';
import type { Plane } from '../../relay/plane/plane.ts';
import { printable } from '../../text/printable.ts';
import type { EngineSource } from '../engine-source.ts';
import type { WatchedEngine } from '../engine-watch.ts';
import type { CompanionProbe } from './companion-probe.ts';

/**
 * Reads what activation decides by: the containers that sleep and their compose projects from the snapshots of the engines,
 * their services and plans from the catalog, and their sessions from the relay's counters.
 */
export interface RestWorldParts {
  readonly engines: Pick<EngineSource, 'engines' | 'isTwin' | 'vantageOn'>;
  readonly catalog: () => Pick<Catalog, 'services'>;
  readonly plane: Pick<Plane, 'activeSessions'> & { readonly counters: Pick<Plane['counters'], 'held' | 'upstream'> };
  readonly probe: CompanionProbe;
  readonly labelPrefix: string;
}

/**
 * With so many sessions, a container without a limit of its own counts as crowded, and another replica is woken. A browser
 * opens 6 connections to a name, and a connection pool mostly 10: what a few of these hold wakes no second process, which
 * would cost its memory and hardly be used. How busy a session is, is not known; `max-connections` says what a replica takes.
 */
const crowdedSessions = 32;

/** An upstream, and the name of its service. */
interface Serving {
  readonly service: string;
  readonly upstream: ServiceUpstream;
}

export function readRestWorld(parts: RestWorldParts): RestWorld {
  const { engines, catalog, plane } = parts;
  const current = catalog();
  const serving = servingOf(current);
  const containers = new Map<string, RestContainer>();
  if (serving.size > 0)
    for (const engine of engines.engines) if (!engines.isTwin(engine)) addAll(containers, engine, serving, parts);
  parts.probe.keep((id) => containers.get(id)?.state === 'running');
  // Those that are held for a strict stand-in wait for no container.
  const isKeptOut = (service: string): boolean => current.services.get(service)?.standIn?.strict === true;
  return { containers, heldOf: (service) => (isKeptOut(service) ? 0 : plane.counters.held(service)) };
}

/** The upstreams of each container with a sleep plan, by its id. */
function servingOf({ services }: Pick<Catalog, 'services'>): ReadonlyMap<string, readonly Serving[]> {
  const serving = new Map<string, Serving[]>();
  const sleepers = new Set<string>();
  for (const { name, upstreams } of services.values()) {
    for (const upstream of upstreams) {
      const { run, sleep } = upstream.declared;
      if (!run) continue;
      if (sleep) sleepers.add(run.id);
      const known = serving.get(run.id);
      if (known) known.push({ service: name, upstream });
      else serving.set(run.id, [{ service: name, upstream }]);
    }
  }
  return sleepers.size === 0 ? new Map() : serving;
}

function addAll(
  containers: Map<string, RestContainer>,
  engine: WatchedEngine,
  serving: ReadonlyMap<string, readonly Serving[]>,
  parts: RestWorldParts,
): void {
  const snapshot = engine.snapshot();
  // Sealane stops neither itself, nor starts what it runs in.
  const all = [...snapshot.containers.values(), ...snapshot.stopped.values()].filter(
    ({ id }) => id !== snapshot.vantage?.selfId,
  );
  const sleeps = (facts: ContainerFacts): boolean =>
    serving.get(facts.id)?.some(({ upstream }) => upstream.declared.sleep) === true;
  const projects = new Set(all.flatMap((one) => (sleeps(one) ? (composeOf(one.labels)?.project ?? []) : [])));
  const members = all.filter((one) => sleeps(one) || projects.has(composeOf(one.labels)?.project ?? ''));
  const made = members.map((facts) => restContainer(facts, engine, serving.get(facts.id) ?? [], parts));
  const needed = made.flatMap(({ needs }) => needs);
  for (const [index, one] of made.entries()) {
    const facts = members[index];
    const wanted = new Set(needed.flatMap(({ service, until }) => (service === one.compose?.service ? until : [])));
    const progress = facts && one.state === 'running' && !one.isReady && wanted.size > 0;
    containers.set(one.id, {
      ...one,
      ...(progress && progressOf(facts, wanted, engine, snapshot, serving, parts)),
      needs: isOneoff(one) ? [...one.needs, ...needsOf(one, made)] : one.needs,
    });
  }
}

/** A one-off container of a service needs what the service's others need, also where compose does not write that. */
function needsOf({ compose }: RestContainer, made: readonly RestContainer[]): readonly Need[] {
  const service = compose?.service.slice(oneoff.length);
  return made.flatMap((one) => {
    return one.compose?.project === compose?.project && one.compose?.service === service ? one.needs : [];
  });
}

/** No service of compose has a colon in its name: a one-off container is no replica of its service. */
const oneoff = 'oneoff:';

function isOneoff({ compose }: RestContainer): boolean {
  return compose?.service.startsWith(oneoff) === true;
}

function restContainer(
  facts: ContainerFacts,
  { tag, name: engine }: WatchedEngine,
  own: readonly Serving[],
  { plane, labelPrefix }: RestWorldParts,
): RestContainer {
  const compose = composeOf(facts.labels);
  const sleep = planOf(own);
  const keys = own.map(({ upstream }) => upstream.declared.key);
  const state = stateOf(facts);
  const isReady = !isAsleep({ state, sleep }) && own.some(({ upstream }) => upstream.state.kind === 'ready');
  return {
    id: facts.id,
    name: nameAt(printable(facts.name), tag),
    compose: compose && placeOf(compose, engine),
    needs: sleep?.with?.map((service) => ({ service, until: 'ready' })) ?? dependenciesOf(compose),
    state,
    startedAtNs: facts.startedAtNs,
    createdAtMs: facts.createdAtMs,
    ...(facts.state === 'created' && { isNew: true }),
    ...(state === 'stopped' && facts.stopRequest && { wasStopped: true }),
    exitCode: facts.lastExit?.code,
    isReady,
    isOpen: isReady,
    isServed: hasLabelsOf(labelPrefix, facts.labels),
    sleep,
    services: [...new Set(own.map(({ service }) => service))],
    sessions: sum(keys.map((key) => plane.activeSessions(key))),
    sessionsSoFar: sum(keys.map((key) => plane.counters.upstream(key)?.sessions ?? 0)),
    takesClients: own.some(({ upstream }) => upstream.weight > 0),
    hasRoom: own.some(({ upstream: { declared, weight } }) => {
      return weight > 0 && plane.activeSessions(declared.key) < (declared.maxConnections ?? crowdedSessions);
    }),
  };
}

/**
 * How far a container is that others need. One that is an upstream is ready with it; another one by its HEALTHCHECK, or once
 * its port accepts.
 */
function progressOf(
  facts: ContainerFacts,
  wanted: ReadonlySet<Need['until']>,
  engine: WatchedEngine,
  { containers }: EngineSnapshot,
  serving: ReadonlyMap<string, readonly Serving[]>,
  { engines, probe }: RestWorldParts,
): Pick<RestContainer, 'isReady' | 'isOpen'> {
  if (facts.state !== 'running') return { isReady: false, isOpen: false };
  const isJudged = serving.has(facts.id) || facts.health !== 'none';
  const isReady = !serving.has(facts.id) && facts.health === 'healthy';
  if (isReady || (isJudged && !wanted.has('open'))) return { isReady, isOpen: isReady };
  const parent = facts.networking.kind === 'container' ? containers.get(facts.networking.of) : undefined;
  const isOpen = probe.isReady(facts, engines.vantageOn(engine), parent);
  return { isReady: isOpen && !isJudged, isOpen };
}

/** `depends_on`: a service that only has to have started is waited for until its port accepts. */
function dependenciesOf(compose: ComposeLabels | undefined): readonly Need[] {
  return (compose?.dependsOn ?? []).map(({ service, untilHealthy }) => ({
    service,
    until: untilHealthy ? 'ready' : 'open',
  }));
}

function stateOf({ state }: ContainerFacts): RestContainer['state'] {
  if (state === 'exited' || state === 'created' || state === 'restarting') return 'stopped';
  return state === 'paused' ? 'paused' : 'running';
}

function placeOf(
  { project, service, number, isOneoff: isOne }: ComposeLabels,
  engine: string | undefined,
): ComposePlace {
  return { project: `${engine ?? ''}\0${project}`, service: isOne ? oneoff + service : service, number };
}

/** The plan of a container whose routes have different ones: the longest time. */
function planOf(own: readonly Serving[]): SleepPlan | undefined {
  const plans = own.flatMap(({ upstream }) => upstream.declared.sleep ?? []);
  return plans.toSorted((a, b) => b.afterMs - a.afterMs)[0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
