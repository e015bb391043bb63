import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinkedList, ListNode } from '../../../../src/relay/driver/linked-list.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('a linked list', () => {
  test('has the members that were added and not removed, in order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 200 }), (steps) => {
        const list = new LinkedList<number>();
        const model = new Set<number>();
        const nodes = Array.from({ length: 21 }, (_, index) => new ListNode(index));
        for (const member of steps) {
          const node = nodes[member];
          if (!node) throw new Error('no such node');
          if (model.delete(member)) expect(list.remove(node)).toBe(true);
          else {
            model.add(member);
            list.add(node);
          }
          expect([...list]).toEqual([...model]);
          expect(list.size).toBe(model.size);
        }
      }),
    );
  });

  test('removes a node once, and only its own', () => {
    const [list, other] = [new LinkedList<string>(), new LinkedList<string>()];
    const node = new ListNode('a');
    expect(list.remove(node)).toBe(false);
    list.add(node);
    expect(other.remove(node)).toBe(false);
    expect(list.remove(node)).toBe(true);
    expect(list.remove(node)).toBe(false);
    expect([list.size, other.size]).toEqual([0, 0]);
  });

  test('can be iterated while members are added and removed: the iteration has the members of its beginning', () => {
    const list = new LinkedList<string>();
    const nodes = ['a', 'b', 'c'].map((member) => new ListNode(member));
    for (const node of nodes) list.add(node);
    const seen: string[] = [];
    for (const member of list) {
      seen.push(member);
      for (const node of nodes) list.remove(node);
      list.add(new ListNode('d'));
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('lets the scavenger collect members that were removed, also when the list has grown old', () => {
    const list = new LinkedList<number[]>();
    const nodes: ListNode<number[]>[] = [];
    const comeAndGo = (count: number): number => {
      let most = 0;
      for (let turn = 0; turn < count; turn++) {
        const oldest = nodes[turn % 64];
        if (oldest) list.remove(oldest);
        const newest = new ListNode(Array.from({ length: 100 }, () => turn));
        nodes[turn % 64] = newest;
        list.add(newest);
        if (turn % 1_000 === 0) most = Math.max(most, oldBytes());
      }
      return most;
    };
    comeAndGo(1_000);
    collect();
    collect();
    const before = oldBytes();
    // Members of 80 MB in all come and go.
    expect(comeAndGo(100_000) - before).toBeLessThan(4_000_000);
  });
});

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}
