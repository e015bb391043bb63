import { describe, expect, test } from 'vitest';
import type { Sifted } from '../../../../src/docker/json/kept-text.ts';
import { RowMemory } from '../../../../src/docker/swarm/row-memory.ts';

interface Row {
  readonly ID: string;
  readonly state?: string;
}

function text(json: unknown): Sifted {
  return { kind: 'text', text: typeof json === 'string' ? json : JSON.stringify(json) };
}

function scene() {
  const problems: string[] = [];
  let parsed = 0;
  const memory = new RowMemory<Row>(
    (json) => {
      parsed += 1;
      const row = json as Row;
      if (row.state === 'broken') return { ok: false, why: 'it is broken' };
      return { ok: true, value: row.state === 'foreign' ? undefined : row };
    },
    (id, why) => problems.push(`${id}: ${why}`),
  );
  return { memory, problems, parsed: () => parsed };
}

describe('an element of a list', () => {
  test('that has the same text as before is the same object, and is not parsed again', () => {
    const { memory, parsed } = scene();
    const [first] = memory.read([text({ ID: 'a' })]);
    const [b, again] = memory.read([text({ ID: 'b' }), text({ ID: 'a' })]);
    expect(again).toBe(first);
    expect(b).toEqual({ ID: 'b' });
    expect(parsed()).toBe(2);
  });

  test('that changed is another object', () => {
    const { memory } = scene();
    const [first] = memory.read([text({ ID: 'a', state: 'starting' })]);
    expect(memory.read([text({ ID: 'a', state: 'running' })])).toEqual([{ ID: 'a', state: 'running' }]);
    expect(first).toEqual({ ID: 'a', state: 'starting' });
  });

  test('that can not be understood is left out, and told once until it changes', () => {
    const { memory, problems } = scene();
    const broken = [text({ ID: 'a', state: 'broken' }), text('{"ID":"b'), text({ ID: 'c' })];
    for (let times = 0; times < 3; times += 1) expect(memory.read(broken)).toEqual([{ ID: 'c' }]);
    expect(problems).toEqual(['a: it is broken', ': not JSON']);
  });

  test('that is too large is left out, and told once', () => {
    const { memory, problems } = scene();
    const large: Sifted = { kind: 'too-large', head: '{"ID":"a","Spec":{"La' };
    for (let times = 0; times < 3; times += 1) expect(memory.read([large])).toEqual([]);
    expect(problems).toEqual(['a: it has too many labels for Sealane']);
    expect(memory.read([text({ ID: 'a' })])).toEqual([{ ID: 'a' }]);
  });

  test('that is none of ours is left out without a word', () => {
    const { memory, problems } = scene();
    expect(memory.read([text({ ID: 'a', state: 'foreign' })])).toEqual([]);
    expect(problems).toEqual([]);
  });

  test('is forgotten only after many others', () => {
    const { memory, parsed } = scene();
    const lasting = text({ ID: 'lasting' });
    const [first] = memory.read([lasting]);
    for (let index = 0; index < 10_000; index += 1) {
      const [again] = memory.read([lasting, text({ ID: `passing ${index}` })]);
      if (again !== first) throw new Error(`forgotten after ${index}`);
    }
    const before = parsed();
    memory.read([text({ ID: 'passing 0' })]);
    expect(parsed()).toBe(before + 1);
  });
});
