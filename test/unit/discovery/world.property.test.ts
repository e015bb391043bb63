import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scene, step } from '../../support/engine/scene.ts';

test('after any events in any order the world has the state of the engine', () => {
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

test('a run whose death was received never returns, whatever answers are still under way', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const scene = new Scene();
      // Unlike a real engine, this one gives the id of a destroyed container to another.
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
