import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { Explanation } from '../../../src/catalog/explain/explanation.ts';
import { createExplainer, type ExplainerParts } from '../../../src/daemon/explainer.ts';
import type { SwarmKnowledge } from '../../../src/discovery/swarm/place.ts';
import type { ContainerFacts, ContainerSummary } from '../../../src/docker/facts.ts';
import { containerFacts, snapshotOf } from '../../support/facts.ts';
import { swarmService, swarmTask, swarmView, taskLabels } from '../../support/swarm/facts.ts';
import { catalogOf, declare } from '../../support/sealane/admin-source.ts';

/** Containers that do not run, by the engine that they are on; undefined for an engine that is out of reach. */
type Stopped = Readonly<Record<string, readonly ContainerFacts[] | undefined>>;

const stopped = (name: string, labels: ContainerFacts['labels']): ContainerFacts =>
  containerFacts({ name, labels, state: 'exited', lastExit: { code: 0, atMs: 0 } });

function why(
  text: string,
  engines: Stopped,
  catalog: Catalog = catalogOf([]),
  knowledge: SwarmKnowledge = {},
  live: readonly ContainerFacts[] = [],
): Promise<Explanation> {
  const alone = Object.keys(engines).length === 1;
  const watched = Object.entries(engines).map(([name, containers]) => ({
    name,
    tag: alone ? {} : { engine: name },
    engine: {
      list: () => Promise.resolve((containers ?? []).map(rowOf)),
      inspect: (id: string) => Promise.resolve(containers?.find((one) => one.id === id || one.name === id)),
    },
    swarm: () => ({ isAwaited: false }),
    snapshot: () => ({
      ...snapshotOf(live),
      ...(!containers && { status: { kind: 'disconnected', reason: 'refused' } }),
    }),
  }));
  const parts = {
    clock: { nowMs: () => 0 },
    settings: { 'label-prefix': 'sealane', scope: 'all' },
    catalog: () => catalog,
    engines: {
      engines: watched,
      isTwin: () => false,
      home: () => undefined,
      swarm: () => knowledge.swarm,
      swarmKnowledge: () => knowledge,
      vantageOn: () => undefined,
    },
    relay: {
      listeners: { all: new Map() },
      dialFailures: { recent: () => [] },
      plane: { activeSessions: () => 0, counters: { held: () => 0 } },
    },
  };
  return createExplainer(parts as unknown as ExplainerParts).explain(text);
}

function rowOf({ id, name, labels }: ContainerFacts): ContainerSummary {
  return { id, names: [name], labels, hostPorts: [], fingerprint: '', addresses: [] };
}

/** A catalog with a service whose last container is gone. */
function lingering(name: string): Catalog {
  const catalog = catalogOf([declare(name, undefined)]);
  const [service] = catalog.services.values();
  if (!service) throw new Error('nothing is declared');
  return { ...catalog, services: new Map([[name, { ...service, lingersUntilMs: 1000, routes: [], upstreams: [] }]]) };
}

describe('why finds a container that does not run', () => {
  const db = stopped('db', { 'sealane.listen': '9090' });

  it('by its port, also while another engine is out of reach', async () => {
    for (const b of [[], undefined])
      expect(await why('9090', { a: [db], b })).toMatchObject({ kind: 'port', cause: 'stopped' });
  });

  it('by the service of its named route, on one engine of several as on the only one', async () => {
    const web = stopped('web', { 'sealane.admin.port': '80' });
    expect(await why('web:admin', { a: [web] }, lingering('web:admin'))).toMatchObject({ cause: 'stopped' });
    expect(await why('web@a:admin', { a: [web], b: [] }, lingering('web@a:admin'))).toMatchObject({
      cause: 'stopped',
      summary: expect.stringMatching(/^web@a exited/) as string,
    });
  });
});

describe('why finds the container of a task', () => {
  const web = swarmService('web');
  const claim = containerFacts({ name: 'forged', labels: taskLabels('web', { nodeId: 'node-b' }) });

  it('that is none, since the Swarm tells otherwise of the task that its labels name', async () => {
    const swarm = swarmView([web], [swarmTask(web)]);
    for (const text of ['forged', claim.id])
      expect(await why(text, { a: [] }, undefined, { swarm }, [claim])).toMatchObject({
        cause: 'not-in-swarm',
        summary: 'forged has the labels of the task web.1 on node host-b, and no manager tells that it runs there',
      });
    const own = await why(
      'forged',
      { a: [] },
      undefined,
      { swarm: swarmView([web], [swarmTask(web, { containerId: claim.id })]) },
      [claim],
    );
    expect(own.cause).not.toBe('not-in-swarm');
  });

  it('by the labels of its service also once no manager tells of them any more', async () => {
    const knownServices = new Map([[web.id, swarmService('web', { labels: { 'sealane.enable': 'false' } })]]);
    const left = containerFacts({ name: 'left', labels: taskLabels('web') });
    expect(await why('left', { a: [] }, undefined, { knownServices }, [left])).toMatchObject({ cause: 'disabled' });
  });
});
