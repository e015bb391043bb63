import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import type { Declaration } from '../../../src/catalog/declaration.ts';
import { createMerger } from '../../../src/catalog/merge.ts';
import { toRoutingTable } from '../../../src/catalog/routing.ts';
import type { Verdict } from '../../../src/catalog/upstream.ts';
import { createDiscoverer } from '../../../src/discovery/discover.ts';
import type { ContainerFacts } from '../../../src/docker/facts.ts';
import type { RoutingTable } from '../../../src/relay/table.ts';
import { declaredUpstream, plainFront, plainPool } from '../../support/declared.ts';
import { idOf, names, Scene, step, type Step } from '../../support/engine-scene.ts';

/**
 * From the engine's events to the relay's table, with everything that can come in between: events that are lost, late or
 * repeated, answers that are old, verdicts that change, a configuration file that is edited, and catalogs computed at any
 * moment of it. What remains is what the final state of the world alone gives.
 */
const later = 1_000_000;

const verdicts: readonly (Verdict | undefined)[] = [
  undefined,
  { kind: 'pending', reason: undefined },
  { kind: 'fit' },
  { kind: 'suspect', reason: 'it did not answer' },
  { kind: 'unfit', reason: 'it answers 500' },
];

type Move =
  | Step
  | { readonly kind: 'verdict'; readonly name: string; readonly verdict: Verdict | undefined }
  /** The configuration file is saved, with so many upstreams. */
  | { readonly kind: 'file'; readonly upstreams: number }
  | { readonly kind: 'reconcile' };

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: step },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('verdict' as const),
      name: fc.constantFrom(...names),
      verdict: fc.constantFrom(...verdicts),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('file' as const), upstreams: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'reconcile' as const }) },
);

/** One Sealane's control side. */
class House {
  readonly verdicts = new Map<string, Verdict | undefined>();
  file = 0;
  readonly #discover = createDiscoverer({ labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' });
  readonly #merge = createMerger();
  readonly #vantage = { reach: { kind: 'host' } } as const;
  #catalog = emptyCatalog;

  reconcile(containers: ReadonlyMap<string, ContainerFacts>, nowMs: number): Catalog {
    const discovered = this.#discover({
      containers,
      vantage: this.#vantage,
      status: { kind: 'connected', apiVersion: '1.41' },
      synced: true,
    });
    this.#catalog = nextCatalog(
      this.#catalog,
      {
        declarations: [...staticDeclarations(this.file), ...discovered.declarations],
        problems: discovered.problems,
        isAlive: ({ id, startedAtNs }) => containers.get(id)?.startedAtNs === startedAtNs,
        verdictOf: (key) => this.verdicts.get(key.slice(0, 1)),
        listeners: new Map(),
      },
      nowMs,
      this.#merge,
    );
    return this.#catalog;
  }

  /** Drains and lingering ports are the past's; after them only the present counts. */
  settledTable(containers: ReadonlyMap<string, ContainerFacts>): RoutingTable {
    this.reconcile(containers, later);
    return toRoutingTable(this.reconcile(containers, 2 * later), 1, { maxHeld: 1_024, explainNames: true });
  }
}

function staticDeclarations(upstreams: number): Declaration[] {
  return Array.from({ length: upstreams }, (_, index) => ({
    service: 'written',
    listen: { host: '127.0.0.1', port: 5432 },
    front: plainFront,
    pool: { ...plainPool, holdMs: 1_000, connectTimeoutMs: 1_000 },
    upstream: declaredUpstream(`${index}`, { run: undefined, drainMs: 1_000 }),
    declaredBy: { kind: 'static', position: index },
  }));
}

test('the table ends up as the final state of the world alone gives it', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const scene = new Scene();
      const house = new House();
      moves.forEach((one, at) => {
        if (one.kind === 'verdict') house.verdicts.set(idOf(one.name).slice(0, 1), one.verdict);
        else if (one.kind === 'file') house.file = one.upstreams;
        else if (one.kind === 'reconcile') house.reconcile(scene.world.containers(), at * 100);
        else scene.step(one);
      });
      expect(scene.settle()).toBe(true);

      const fresh = new House();
      fresh.file = house.file;
      for (const [key, verdict] of house.verdicts) fresh.verdicts.set(key, verdict);
      const truth = new Map([...scene.truth].filter(([, { state }]) => state === 'running' || state === 'paused'));
      expect(house.settledTable(scene.world.containers())).toEqual(fresh.settledTable(truth));
    }),
    { numRuns: 2_000 },
  );
});
