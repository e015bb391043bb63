import { describe, expect, it } from 'vitest';
import { emptyCatalog } from '../../../src/catalog/catalog.ts';
import { createOverrides } from '../../../src/reconcile/overrides.ts';
import { catalogOf, declare } from '../../support/sealane/admin-source.ts';
import { declaredUpstream } from '../../support/declared.ts';

describe('overrides', () => {
  it('add up for one upstream, and end when all of them are taken back', () => {
    let changes = 0;
    const overrides = createOverrides({ onChange: () => (changes += 1) });
    overrides.set('a', { drained: true });
    overrides.set('a', { weight: 3 });
    expect(overrides.of('a')).toEqual({ drained: true, weight: 3 });
    overrides.set('a', { drained: false });
    overrides.set('a', { weight: undefined });
    expect(overrides.of('a')).toBeUndefined();
    expect(changes).toBe(4);
  });

  it('outlast the absence of an upstream, and end with its process', () => {
    const overrides = createOverrides({ onChange: () => undefined });
    const present = catalogOf([declare('api', declaredUpstream('a')), declare('api', declaredUpstream('b'))]);
    const isAlive = ({ run }: { run: { id: string } | undefined }) => run?.id === 'a';
    overrides.follow(present, isAlive);
    overrides.set('a', { drained: true });
    overrides.set('b', { drained: true });
    overrides.follow(emptyCatalog, isAlive);
    expect([overrides.of('a')?.drained, overrides.of('b')]).toEqual([true, undefined]);
    overrides.follow(present, isAlive);
    expect(overrides.of('a')?.drained).toBe(true);
    overrides.follow(emptyCatalog, () => false);
    expect(overrides.of('a')).toBeUndefined();
  });
});
