import type { Catalog } from '../catalog/catalog.ts';
import { explain, whyNot } from '../catalog/explain.ts';
import type { Cause, Explanation } from '../catalog/explain/explanation.ts';
import type { ExplainWorld } from '../catalog/explain/world.ts';
import type { Settings } from '../config/settings.ts';
import { asksFor, viewContainer, viewVantage } from '../discovery/container-view.ts';
import type { Engine } from '../docker/engine.ts';
import type { ContainerSummary } from '../docker/facts.ts';
import { printable } from '../text/printable.ts';
import type { Clock } from '../time/clock.ts';
import type { EngineSource } from './engine-source.ts';
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
  readonly engine: EngineSource;
  readonly relay: Relay;
  readonly catalog: () => Catalog;
}

/** The names and ids that Docker accepts for containers. */
const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** The causes that containers which are not followed may explain better. */
const isForEngine: ReadonlySet<Cause> = new Set([
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
  const { engine } = parts;
  return {
    async explain(text) {
      const first = explain(text, gather(parts));
      if (!isForEngine.has(first.cause) || !engine.engine) return first;
      const answer = await askEngine(engine.engine, text, first, gather(parts));
      return explain(text, { ...gather(parts), ...answer });
    },
    whyNot: (service) => whyNot(service, gather(parts)),
  };
}

function gather({ clock, settings, engine, relay, catalog }: ExplainerParts): ExplainWorld {
  const labelPrefix = settings['label-prefix'];
  const snapshot = engine.snapshot();
  const { containers, vantage, synced, status } = snapshot;
  return {
    catalog: catalog(),
    nowMs: clock.nowMs(),
    labelPrefix,
    scope: settings.scope,
    project: vantage?.project === undefined ? undefined : printable(vantage.project),
    engine: status,
    synced,
    vantage: viewVantage(snapshot),
    // Few questions need the containers, and there may be thousands.
    *containers() {
      for (const facts of containers.values()) yield viewContainer(facts, labelPrefix);
    },
    containerOf(id) {
      const facts = containers.get(id);
      return facts && viewContainer(facts, labelPrefix);
    },
    inspected: [],
    otherNames: [],
    listeners: relay.listeners.all,
    dialFailures: relay.dialFailures.recent(),
    activeOf: (key) => relay.plane.activeSessions(key),
    heldOf: (service) => relay.plane.counters.held(service),
  };
}

/**
 * Asks the engine for the containers that a question may be about and that are not followed: stopped or unlabelled ones,
 * and those that publish a port that Sealane can't listen on.
 */
async function askEngine(
  engine: Engine,
  text: string,
  first: Explanation,
  world: ExplainWorld,
): Promise<Pick<ExplainWorld, 'inspected' | 'otherNames'>> {
  const { labelPrefix } = world;
  const signal = AbortSignal.timeout(askedForMs);
  try {
    const isName = first.kind === 'unknown' && containerName.test(text);
    const named = isName ? await engine.inspect(text, signal) : undefined;
    if (named) return { inspected: [viewContainer(named, labelPrefix)], otherNames: [] };
    const rows = await engine.list(signal, 'all');
    const meant = rows.filter((row) => isMeant(row, text, first, world)).slice(0, mostInspected);
    const facts = await Promise.all(meant.map(({ id }) => engine.inspect(id, signal)));
    return {
      inspected: facts.flatMap((one) => (one ? [viewContainer(one, labelPrefix)] : [])),
      otherNames: rows.flatMap(({ names }) => names.map((name) => printable(name))),
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
  { cause, services }: Explanation,
  { catalog, labelPrefix }: ExplainWorld,
): boolean {
  const { 'com.docker.compose.project': project, 'com.docker.compose.service': service } = labels;
  const port = Number(/(\d+)$/.exec(text)?.[1] ?? Number.NaN);
  if (cause === 'listen-failed') {
    const routes = services.flatMap((name) => catalog.services.get(name)?.routes ?? []);
    return routes.some((route) => hostPorts.includes(route.port));
  }
  if (cause === 'no-such-port') return asksFor(labels, labelPrefix, port);
  const wanted = new Set([text, ...services.map((name) => name.replace(/:[^:/]*$/, ''))]);
  return [...names, service, `${project}/${service}`].some((one) => one !== undefined && wanted.has(one));
}
