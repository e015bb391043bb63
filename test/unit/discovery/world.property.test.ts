import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scene, step } from '../../support/engine/scene.ts';

test('whatever happens in whatever order, the world ends up as the engine’s', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const scene = new Scene();
      for (const one of steps) scene.step(one);
      expect(scene.settle()).toBe(true);
      expect(Object.fromEntries(scene.world.containers())).toEqual(scene.alive());
    }),
    { numRuns: 500 },
  );
});

test('a run whose death was heard is never shown again, whatever answers are still under way', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const scene = new Scene();
      // No engine gives the id of a container that was destroyed to another, as this one does.
      for (const one of steps.filter(({ kind }) => kind !== 'clock back' && kind !== 'destroy')) {
        scene.step(one);
        for (const [id, { startedAtNs }] of scene.world.containers()) {
          expect(startedAtNs).toBeGreaterThan(scene.heardDead.get(id) ?? 0n);
        }
      }
    }),
    { numRuns: 500 },
  );
});
