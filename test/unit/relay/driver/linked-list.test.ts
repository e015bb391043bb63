import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Roll, type Place } from '../../../../src/relay/driver/linked-list.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('a roll', () => {
  test('is those who joined and have not left, in order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (steps) => {
        const roll = new Roll<number>();
        const model = new Set<number>();
        const places = new Map<number, Place<number>>();
        for (const who of steps) {
          if (model.delete(who)) expect(roll.leave(places.get(who))).toBe(true);
          else {
            model.add(who);
            places.set(who, roll.join(who));
          }
          expect([...roll]).toEqual([...model]);
          expect(roll.size).toBe(model.size);
        }
      }),
    );
  });

  test('gives a place up once, and only its own', () => {
    const [roll, other] = [new Roll<string>(), new Roll<string>()];
    const place = roll.join('a');
    expect(other.leave(place)).toBe(false);
    expect(roll.leave(undefined)).toBe(false);
    expect(roll.leave(place)).toBe(true);
    expect(roll.leave(place)).toBe(false);
    expect([roll.size, other.size]).toEqual([0, 0]);
  });

  test('shows who was there when it was asked, whoever leaves or comes meanwhile', () => {
    const roll = new Roll<string>();
    const places = ['a', 'b', 'c'].map((who) => roll.join(who));
    const seen: string[] = [];
    for (const who of roll) {
      seen.push(who);
      for (const place of places) roll.leave(place);
      roll.join('d');
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('lets the scavenger take who has left, also when the roll has grown old', () => {
    const roll = new Roll<number[]>();
    const places: (Place<number[]> | undefined)[] = [];
    const comeAndGo = (count: number): number => {
      let most = 0;
      for (let turn = 0; turn < count; turn++) {
        roll.leave(places[turn % 64]);
        places[turn % 64] = roll.join(Array.from({ length: 100 }, () => turn));
        if (turn % 1_000 === 0) most = Math.max(most, oldBytes());
      }
      return most;
    };
    comeAndGo(1_000);
    collect();
    collect();
    const before = oldBytes();
    // 80 MB come and go.
    expect(comeAndGo(100_000) - before).toBeLessThan(4_000_000);
  });
});

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}
