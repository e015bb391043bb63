import { describe, expect, it } from 'vitest';
import type { CatalogInput } from '../../../src/catalog/catalog.ts';
import type { Declaration } from '../../../src/catalog/declaration.ts';
import { createReconciler } from '../../../src/reconcile/reconciler.ts';
import type { RoutingTable } from '../../../src/relay/boundary/table.ts';
import { declaredUpstream, plainMatch, plainPool } from '../../support/declared.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const declared: Declaration = {
  service: 'api',
  listen: { host: '127.0.0.1', port: 80 },
  match: plainMatch,
  pool: { ...plainPool, holdMs: 1000 },
  upstream: declaredUpstream('a'),
  declaredBy: { kind: 'container', id: 'a', name: 'a', createdAtMs: 0, route: '' },
};

function setUp() {
  const clock = new ManualClock();
  const tasks: (() => void)[] = [];
  const published: RoutingTable[] = [];
  const lines: string[] = [];
  const world: { input: CatalogInput } = {
    input: { declarations: [], problems: [], isAlive: () => false, verdictOf: () => undefined, listeners: new Map() },
  };
  let reads = 0;
  const reconciler = createReconciler({
    clock,
    readWorld() {
      reads += 1;
      return world.input;
    },
    rules: { maxHeld: 10, explainNames: true },
    publish: (table) => published.push(table),
    announce: (changes) => lines.push(...changes.map((change) => change.message)),
    soon: (task) => tasks.push(task),
  });
  const settle = (): void => {
    for (let task = tasks.shift(); task; task = tasks.shift()) task();
  };
  return { clock, reconciler, published, lines, world, settle, reads: () => reads };
}

describe('the reconciler', () => {
  it('reads the world once for many marks', () => {
    const { reconciler, settle, reads } = setUp();
    for (let mark = 0; mark < 5; mark += 1) reconciler.markDirty();
    settle();
    expect(reads()).toBe(1);
  });

  it('handles what follows a run in one batch where there are thousands of upstreams, and at once where there are few', () => {
    const { clock, reconciler, settle, world, reads } = setUp();
    const runs = (count: number): number => {
      world.input = { ...world.input, declarations: Array.from({ length: count }, () => declared) };
      clock.advance(1000);
      reconciler.markDirty();
      settle();
      const before = reads();
      for (let event = 0; event < 5; event += 1) {
        reconciler.markDirty();
        settle();
        clock.advance(4);
      }
      clock.advance(1000);
      return reads() - before;
    };
    expect(runs(10)).toBe(5);
    expect(runs(5000)).toBe(1);
  });

  it('takes a verdict into account also where a declaration changed before', () => {
    const { reconciler, settle, world, published } = setUp();
    world.input = { ...world.input, declarations: [declared] };
    reconciler.markDirty();
    settle();
    const availability = () => published.at(-1)?.pools[0]?.upstreams[0]?.availability;
    const before = availability();
    world.input = { ...world.input, verdictOf: () => ({ kind: 'suspect', reason: 'it did not answer' }) };
    reconciler.markDeclared();
    reconciler.markDirty();
    settle();
    expect([before, availability()]).toEqual(['ready', 'suspect']);
  });

  it('publishes a table only when it differs, each with a higher version', () => {
    const { reconciler, settle, world, published } = setUp();
    reconciler.markDirty();
    settle();
    expect(published).toEqual([]);
    world.input = { ...world.input, declarations: [declared] };
    for (let round = 0; round < 3; round += 1) {
      reconciler.markDirty();
      settle();
    }
    expect(published.map((table) => table.version)).toEqual([1]);
  });

  it('runs by itself when a deadline passes', () => {
    const { reconciler, settle, world, published, clock, lines } = setUp();
    world.input = { ...world.input, declarations: [declared] };
    reconciler.markDirty();
    settle();
    world.input = { ...world.input, declarations: [] };
    reconciler.markDirty();
    settle();
    clock.advance(1000);
    settle();
    expect(published.at(-1)).toMatchObject({ listeners: [], pools: [] });
    expect(lines.at(-1)).toBe('service api removed: nothing declares it any more');
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  it('publishes nothing more once stopped', () => {
    const { reconciler, settle, world, published } = setUp();
    world.input = { ...world.input, declarations: [declared] };
    reconciler.markDirty();
    reconciler.stop();
    settle();
    expect(published).toEqual([]);
  });
});
