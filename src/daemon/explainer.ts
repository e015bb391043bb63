import type { Catalog } from '../catalog/catalog.ts';
import { explain, whyNot } from '../catalog/explain.ts';
import type { Explanation } from '../catalog/explain/explanation.ts';
import type { ContainerView, ExplainWorld } from '../catalog/explain/world.ts';
import type { Settings } from '../config/settings.ts';
import { viewContainer, viewVantage } from '../discovery/container-view.ts';
import type { Engine } from '../docker/engine.ts';
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

/** A slow engine is not waited for: the command that asks gives up after 10 s. */
const askedForMs = 5000;

export function createExplainer(parts: ExplainerParts): Explainer {
  const { settings, engine } = parts;
  return {
    async explain(text) {
      const first = explain(text, gather(parts));
      if (first.kind !== 'unknown' || first.cause === 'engine-unreachable' || !engine.engine) return first;
      const answer = await askEngine(engine.engine, text, settings['label-prefix']);
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
    inspected: [],
    otherNames: [],
    listeners: relay.listeners.all,
    dialFailures: relay.dialFailures.recent(),
    activeOf: (key) => relay.plane.activeSessions(key),
    heldOf: (service) => relay.plane.counters.held(service),
  };
}

async function askEngine(
  engine: Engine,
  text: string,
  labelPrefix: string,
): Promise<{ readonly inspected: readonly ContainerView[]; readonly otherNames: readonly string[] }> {
  const signal = AbortSignal.timeout(askedForMs);
  try {
    const facts = containerName.test(text) ? await engine.inspect(text, signal) : undefined;
    if (facts) return { inspected: [viewContainer(facts, labelPrefix)], otherNames: [] };
    const rows = await engine.list(signal);
    return { inspected: [], otherNames: rows.flatMap(({ names }) => names.map((name) => printable(name))) };
  } catch {
    // The explanation is made of what is known here.
    return { inspected: [], otherNames: [] };
  }
}
