import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HoldQueue } from '../../../../src/relay/sessions/hold-queue.ts';

test('whatever is added and removed, the order is that of arrival', () => {
  const step = fc.record({ turn: fc.nat(30), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const everyone = Array.from({ length: 31 }, (_, turn) => ({ turn }));
      const queue = new HoldQueue<{ readonly turn: number }>();
      const model = new Set<number>();
      for (const { turn, isAdded } of steps) {
        const who = everyone[turn];
        if (!who) throw new Error('no such turn');
        expect(isAdded ? queue.add(who) : queue.remove(who)).toBe(isAdded ? !model.has(turn) : model.has(turn));
        if (isAdded) model.add(turn);
        else model.delete(turn);
        const expected = [...model].toSorted((a, b) => a - b);
        expect(queue.all().map((one) => one.turn)).toEqual(expected);
        expect(queue.first?.turn).toBe(expected[0]);
        expect(queue.size).toBe(expected.length);
        expect(queue.has(who)).toBe(isAdded);
      }
    }),
  );
});
