import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HoldQueue } from '../../../../src/relay/sessions/hold-queue.ts';

test('whatever joins and leaves, the order is that of arrival', () => {
  const step = fc.record({ turn: fc.nat(30), joins: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const everyone = Array.from({ length: 31 }, (_, turn) => ({ turn }));
      const queue = new HoldQueue<{ readonly turn: number }>();
      const model = new Set<number>();
      for (const { turn, joins } of steps) {
        const who = everyone[turn];
        if (!who) throw new Error('no such turn');
        expect(joins ? queue.join(who) : queue.leave(who)).toBe(joins ? !model.has(turn) : model.has(turn));
        if (joins) model.add(turn);
        else model.delete(turn);
        const expected = [...model].toSorted((a, b) => a - b);
        expect(queue.everyone().map((one) => one.turn)).toEqual(expected);
        expect(queue.first?.turn).toBe(expected[0]);
        expect(queue.size).toBe(expected.length);
        expect(queue.has(who)).toBe(joins);
      }
    }),
  );
});
