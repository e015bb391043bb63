import type { Catalog } from '../catalog/catalog.ts';
import { nameAt, nameOnEngine, splitName } from '../catalog/container-name.ts';
import { explain, whyNot } from '../catalog/explain.ts';
import type { Cause, Explanation } from '../catalog/explain/explanation.ts';
import type { ContainerView, EngineView, ExplainWorld } from '../catalog/explain/world.ts';
import type { Settings } from '../config/settings.ts';
import { asksFor, viewContainer, viewVantage, type ViewedEngine } from '../discovery/container-view.ts';
import { placeInSwarm } from '../discovery/swarm/place.ts';
import { viewSwarm, viewTaskOf, viewTasks } from '../discovery/swarm/views.ts';
import { serviceOf, taskOf } from '../docker/creator.ts';
import type { ContainerFacts, ContainerSummary, Vantage } from '../docker/facts.ts';
import type { Engine } from '../docker/engine.ts';
import type { SwarmStanding } from '../docker/swarm/facts.ts';
import { isOnOwnHost } from '../docker/identity/vantage.ts';
import { printable } from '../text/printable.ts';
import type { Clock } from '../time/clock.ts';
import type { EngineSource } from './engine-source.ts';
import type { WatchedEngine } from './engine-watch.ts';
import type { Relay } from './relay.ts';

/**
 * Gathers the facts that explanations are made of. The engine is asked only for a name that nothing here knows, since a
 * person waits for the answer.
 */
export interface Explainer {
  readonly explain: (text: string) => Promise<Explanation>;
  /** The reason why a service's clients fail, for the record of a failed session. */
  readonly whyNot: (service: string) => string | undefined;
}

export interface ExplainerParts {
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'label-prefix' | 'scope'>;
  readonly engines: EngineSource;
  readonly relay: Relay;
  readonly catalog: () => Catalog;
}

/** The names and ids that Docker accepts for containers. */
const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** The causes that containers which are not followed may explain better. */
const forEngine: ReadonlySet<Cause> = new Set([
  'no-such-service',
  'no-such-port',
  'no-container',
  'listen-failed',
  'not-synced',
  'config-invalid',
]);

/** A slow engine is not waited for: the command that asks gives up after 10 s. */
const askedForMs = 5000;

export function createExplainer(parts: ExplainerParts): Explainer {
  return {
    async explain(text) {
      const first = explain(text, gather(parts));
      if (!isForEngine(first, parts)) return first;
      const answers = await Promise.all(
        enginesFor(text, parts).map((one) => {
          const asked = { engine: one.engine, viewed: viewedEngine(one, parts) };
          return askEngine(asked, text, first, gather(parts));
        }),
      );
      const inspected = answers.flatMap((one) => one.inspected);
      const otherNames = answers.flatMap((one) => one.otherNames);
      return explain(text, { ...gather(parts), inspected, otherNames });
    },
    whyNot: (service) => whyNot(service, gather(parts)),
  };
}

/** While one of several engines is out of reach, the others may have the container. */
function isForEngine({ cause }: Explanation, { engines }: ExplainerParts): boolean {
  return forEngine.has(cause) || (cause === 'engine-unreachable' && engines.engines.length > 1);
}

/** All engines, or the one that is named, as in `web@a`. Of several, those that are out of reach are not waited for. */
function enginesFor(text: string, { engines }: ExplainerParts): readonly WatchedEngine[] {
  const all = engines.engines;
  if (all.length < 2) return all;
  const reached = all.filter((one) => one.snapshot().status.kind === 'connected' && !engines.isTwin(one));
  const named = reached.filter(({ tag }) => tag.engine === splitName(text).engine);
  return named.length > 0 ? named : reached;
}

function gather(parts: ExplainerParts): ExplainWorld {
  const { clock, settings, engines, relay, catalog } = parts;
  const labelPrefix = settings['label-prefix'];
  const served = engines.engines.filter((one) => !engines.isTwin(one));
  const home = engines.home();
  const ownService = home?.ownNetwork?.service;
  const swarm = engines.swarm();
  // A container may only claim to be a task that a manager tells of.
  const isTold = (facts: ContainerFacts): boolean =>
    placeInSwarm(facts, { swarm }, labelPrefix)?.isElsewhere === true &&
    swarm !== undefined &&
    viewTaskOf(facts.id, swarm, labelPrefix) !== undefined;
  return {
    catalog: catalog(),
    nowMs: clock.nowMs(),
    labelPrefix,
    scope: settings.scope,
    project: home?.project === undefined ? undefined : printable(home.project),
    ownService: ownService === undefined ? undefined : printable(ownService),
    engines: served.map((one) => viewEngine(one, engines.vantageOn(one))),
    swarm: viewSwarm(swarm, standingsOf(served), labelPrefix),
    // Few questions need the containers, and there may be thousands.
    *containers() {
      for (const one of served) {
        const viewed = viewedEngine(one, parts);
        for (const facts of one.snapshot().containers.values())
          if (!isTold(facts)) yield viewContainer(facts, labelPrefix, viewed);
      }
      if (swarm) yield* viewTasks(swarm, labelPrefix);
    },
    containerOf(id) {
      for (const one of served) {
        const facts = one.snapshot().containers.get(id);
        if (facts && !isTold(facts)) return viewContainer(facts, labelPrefix, viewedEngine(one, parts));
      }
      return swarm && viewTaskOf(id, swarm, labelPrefix);
    },
    inspected: [],
    otherNames: [],
    listeners: relay.listeners.all,
    dialFailures: relay.dialFailures.recent(),
    activeOf: (key) => relay.plane.activeSessions(key),
    heldOf: (service) => relay.plane.counters.held(service),
  };
}

function viewEngine({ tag, snapshot }: WatchedEngine, vantage: Vantage | undefined): EngineView {
  const { status, synced, containers } = snapshot();
  return { name: tag.engine, status, synced, vantage: viewVantage({ vantage, containers }) };
}

function viewedEngine(watched: WatchedEngine, { engines }: ExplainerParts): ViewedEngine {
  const vantage = engines.vantageOn(watched);
  return { ...watched.tag, isHere: !vantage || isOnOwnHost(vantage.reach), ...engines.swarmKnowledge() };
}

/** What the engines tell of themselves as nodes of a Swarm. */
export function standingsOf(engines: readonly WatchedEngine[]): readonly SwarmStanding[] {
  return engines.flatMap(({ swarm }) => swarm().standing ?? []);
}

/**
 * Asks an engine for the containers that a question may be about and that are not followed: stopped or unlabelled ones,
 * and those that publish a port that Sealane can't listen on.
 */
async function askEngine(
  { engine, viewed }: { readonly engine: Engine; readonly viewed: ViewedEngine },
  text: string,
  first: Explanation,
  world: ExplainWorld,
): Promise<Pick<ExplainWorld, 'inspected' | 'otherNames'>> {
  const { labelPrefix } = world;
  const signal = AbortSignal.timeout(askedForMs);
  const asked = nameOnEngine({ ...viewed, name: text });
  const view = (facts: ContainerFacts): ContainerView => viewContainer(facts, labelPrefix, viewed);
  try {
    const isName = first.kind === 'unknown' && containerName.test(asked);
    const named = isName ? await engine.inspect(asked, signal) : undefined;
    if (named) return { inspected: [view(named)], otherNames: [] };
    const rows = await engine.list(signal, 'all');
    const meant = rows.filter((row) => isMeant(row, asked, first, viewed, world)).slice(0, mostInspected);
    const facts = await Promise.all(meant.map(({ id }) => engine.inspect(id, signal)));
    return {
      inspected: facts.flatMap((one) => (one ? [view(one)] : [])),
      otherNames: rows.flatMap(({ names }) => names.map((name) => nameAt(printable(name), viewed))),
    };
  } catch {
    // The explanation is made of what is known here.
    return { inspected: [], otherNames: [] };
  }
}

/** The number of containers that are inspected for one question. */
const mostInspected = 8;

function isMeant(
  { names, labels, hostPorts }: ContainerSummary,
  text: string,
  { kind, cause, services }: Explanation,
  on: ViewedEngine,
  { catalog, labelPrefix }: ExplainWorld,
): boolean {
  const port = Number(/(\d+)$/.exec(text)?.[1] ?? Number.NaN);
  if (cause === 'listen-failed') {
    const routes = services.flatMap((name) => catalog.services.get(name)?.routes ?? []);
    return routes.some((route) => hostPorts.includes(route.port));
  }
  // The cause says of no port that it is unknown where an engine is out of reach.
  if (kind === 'port' && services.length === 0) return asksFor(labels, labelPrefix, port);
  // A named route's service is called after its container's service: `web@a:admin`.
  const containers = services.map((one) => nameOnEngine({ ...on, name: one.replace(/:[^:/]*$/, '') }));
  const wanted = new Set([text, ...containers]);
  return [...names, ...namesByLabels(labels)].some((one) => wanted.has(one));
}

/** The names by which people know what a container was created for: a compose service, a Swarm's service or its task. */
function namesByLabels(labels: ContainerSummary['labels']): readonly string[] {
  const created = serviceOf(labels);
  const task = taskOf(labels);
  return [
    ...(created === undefined ? [] : [created, created.slice(created.indexOf('/') + 1)]),
    ...(task ? [task.service, task.name] : []),
  ];
}
