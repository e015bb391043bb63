import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HoldQueue } from '../../../../src/relay/sessions/hold-queue.ts';

test('the order is that of arrival, whatever is added and removed', () => {
  const step = fc.record({ turn: fc.nat(30), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const sessions = Array.from({ length: 31 }, (_, turn) => ({ turn }));
      const queue = new HoldQueue<{ readonly turn: number }>();
      const model = new Set<number>();
      for (const { turn, isAdded } of steps) {
        const session = sessions[turn];
        if (!session) throw new Error('no such turn');
        expect(isAdded ? queue.add(session) : queue.remove(session)).toBe(isAdded ? !model.has(turn) : model.has(turn));
        if (isAdded) model.add(turn);
        else model.delete(turn);
        const expected = [...model].toSorted((a, b) => a - b);
        expect(queue.all().map((one) => one.turn)).toEqual(expected);
        expect(queue.first?.turn).toBe(expected[0]);
        expect(queue.size).toBe(expected.length);
        expect(queue.has(session)).toBe(isAdded);
      }
    }),
  );
});
