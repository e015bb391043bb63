import { describe, expect, it } from 'vitest';
import { createOverrides } from '../../../src/reconcile/overrides.ts';
import { catalogOf, declare } from '../../support/admin-source.ts';
import { declaredUpstream } from '../../support/declared.ts';

describe('what operators asked for', () => {
  it('adds up for one upstream, and is nothing once all of it was taken back', () => {
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

  it('goes with the upstream', () => {
    const overrides = createOverrides({ onChange: () => undefined });
    overrides.set('a', { drained: true });
    overrides.set('b', { drained: true });
    overrides.follow(catalogOf([declare('api', declaredUpstream('a'))]));
    expect([overrides.of('a')?.drained, overrides.of('b')]).toEqual([true, undefined]);
  });
});
