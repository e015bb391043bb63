import { expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../../src/catalog/catalog.ts';
import { diffCatalogs } from '../../../../src/catalog/diff.ts';
import { createDiscoverer } from '../../../../src/discovery/discover.ts';
import { World } from '../../../../src/discovery/world.ts';
import type { ContainerFacts } from '../../../../src/docker/facts.ts';
import { onHost, containerFacts, snapshotOf } from '../../../support/facts.ts';

const labels = { 'sealane.port': '80' };
const base = containerFacts({ name: 'api-1', labels });

/** What the engine tells of one container reaches the catalog as in Sealane: events and inspects, then discovery. */
class Told {
  readonly #world = new World('sealane');
  readonly #discover = createDiscoverer({ labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' });
  #catalog: Catalog = emptyCatalog;
  readonly problemEvents: string[] = [];

  hear(action: string, nowMs: number): void {
    this.#world.heard({
      type: 'container',
      action,
      containerId: base.id,
      attributes: labels,
      timeNs: BigInt(nowMs) * 1_000_000n,
    });
    this.pass(nowMs);
  }

  inspect(over: Partial<ContainerFacts>, nowMs: number): void {
    this.#world.inspected(base.id, this.#world.begin(), { ...base, ...over });
    this.pass(nowMs);
  }

  pass(nowMs: number): void {
    const snapshot = snapshotOf([...this.#world.containers().values()], onHost);
    const discovered = this.#discover(snapshot);
    const world = { ...discovered, isAlive: () => true, verdictOf: () => undefined, listeners: new Map() };
    const after = nextCatalog(this.#catalog, world, nowMs);
    for (const { event, code } of diffCatalogs(this.#catalog, after)) {
      if (code === 'crash-loop') this.problemEvents.push(event);
    }
    this.#catalog = after;
  }

  get codes(): string[] {
    return this.#catalog.problems.map(({ code }) => code);
  }
}

function run(startedAtMs: number, restarts: number): Partial<ContainerFacts> {
  return { state: 'running', startedAtNs: BigInt(startedAtMs) * 1_000_000n, restarts };
}

it('a crash loop is one problem from its second restart on, though each death removes the facts', () => {
  const told = new Told();
  told.hear('start', 1_000);
  told.inspect(run(1_000, 0), 1_010);
  for (let restarts = 1; restarts <= 6; restarts++) {
    const atMs = 1_000 + restarts * 1_000;
    told.hear('die', atMs);
    told.inspect({ state: 'restarting', restarts, lastExit: { code: 7, atMs } }, atMs + 10);
    told.hear('start', atMs + 500);
    told.inspect(run(atMs + 500, restarts), atMs + 510);
  }
  expect(told.problemEvents).toEqual(['problem']);
  expect(told.codes).toContain('crash-loop');
});

it('a pause of a container that crashed long ago is no crash loop', () => {
  const told = new Told();
  told.hear('start', 1_000);
  told.inspect(run(1_000, 5), 1_010);
  told.hear('pause', 90_000_000);
  told.inspect({ ...run(1_000, 5), state: 'paused' }, 90_000_010);
  expect(told.codes).not.toContain('crash-loop');
});
