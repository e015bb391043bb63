import type { Catalog } from '../catalog/catalog.ts';
import { explain, whyNot } from '../catalog/explain.ts';
import type { Explanation } from '../catalog/explain/explanation.ts';
import type { ContainerView, EngineState, ExplainWorld } from '../catalog/explain/world.ts';
import type { Settings } from '../config/settings.ts';
import { viewContainer, viewVantage } from '../discovery/container-view.ts';
import type { Engine } from '../docker/engine.ts';
import type { EngineSnapshot } from '../docker/facts.ts';
import type { Plane } from '../relay/plane/plane.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import type { DialFailures } from '../telemetry/dial-failures.ts';
import { printable } from '../text/printable.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Part of the composition root: brings together what explanations go by. Only for a name that nothing here knows is the
 * engine asked, since a person waits for the answer.
 */
export interface Explainer {
  explain(text: string): Promise<Explanation>;
  /** For the record of a failed session. */
  whyNot(service: string): string | undefined;
}

export interface ExplainerParts {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly engine: Engine | undefined;
  readonly plane: Plane;
  readonly dialFailures: DialFailures;
  readonly listeners: ReadonlyMap<string, ListenerStatus>;
  readonly catalog: () => Catalog;
  readonly snapshot: () => EngineSnapshot;
}

/** What Docker takes for a container's name or id. */
const containerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function createExplainer(parts: ExplainerParts): Explainer {
  const { clock, settings, engine, plane, dialFailures, listeners, catalog, snapshot } = parts;
  const labelPrefix = settings['label-prefix'];

  const worldOf = (more: Partial<ExplainWorld> = {}): ExplainWorld => {
    const { containers, vantage, synced } = snapshot();
    return {
      catalog: catalog(),
      nowMs: clock.nowMs(),
      labelPrefix,
      scope: settings.scope,
      project: vantage?.project === undefined ? undefined : printable(vantage.project),
      engine: engineState(engine, snapshot()),
      synced,
      vantage: viewVantage(snapshot()),
      // Looked at by few questions, and there may be thousands.
      *containers() {
        for (const facts of containers.values()) yield viewContainer(facts, labelPrefix);
      },
      asked: undefined,
      otherNames: [],
      listeners,
      dialFailures: dialFailures.recent(),
      activeOf: (key) => plane.activeSessions(key),
      heldOf: () => 0,
      ...more,
    };
  };

  return {
    async explain(text) {
      const { held } = await plane.look({ limit: 0 });
      const heldOf = (service: string): number => held.get(service) ?? 0;
      const first = explain(text, worldOf({ heldOf }));
      if (first.kind !== 'unknown' || first.cause === 'engine-unreachable' || !engine) return first;
      const asked = await askEngine(engine, text, labelPrefix);
      return explain(text, worldOf({ heldOf, ...asked }));
    },
    whyNot: (service) => whyNot(service, worldOf()),
  };
}

async function askEngine(
  engine: Engine,
  text: string,
  labelPrefix: string,
): Promise<{ readonly asked: ContainerView | undefined; readonly otherNames: readonly string[] }> {
  try {
    const facts = containerName.test(text) ? await engine.inspect(text) : undefined;
    if (facts) return { asked: viewContainer(facts, labelPrefix), otherNames: [] };
    const rows = await engine.list();
    return { asked: undefined, otherNames: rows.flatMap(({ names }) => names.map((name) => printable(name))) };
  } catch {
    // What is known here is explained all the same.
    return { asked: undefined, otherNames: [] };
  }
}

function engineState(engine: Engine | undefined, { status }: EngineSnapshot): EngineState {
  if (!engine) return { kind: 'none' };
  if (status.kind === 'connected') return { kind: 'connected' };
  return { kind: status.kind, reason: status.reason === undefined ? undefined : printable(status.reason, 400) };
}
