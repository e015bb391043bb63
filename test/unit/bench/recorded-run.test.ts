import { describe, expect, it } from 'vitest';
import { describeRun, parseRun } from '../../../bench/relay/recorded-run.ts';
import { about, cell, stored } from './runs.ts';

const cells = [cell('sealane/splice', 1, { rate: 62_900.5 }), cell('haproxy', 1, { rate: 63_100 })];

describe('a stored run', () => {
  it('is read as it was written, to six digits', () => {
    const precise = cell('nginx', 2, { p99Ms: 0.123456789 });
    const { about: read, cells: found } = parseRun(stored([...cells, precise]));
    expect(read).toEqual(about);
    expect(found).toEqual([...cells, { ...precise, p99Ms: 0.123457 }]);
  });

  it('has the rows of one run only, even if both are of one build', () => {
    const other = { ...about, date: '2026-12-01T08:00:00.000Z' };
    expect(() => parseRun(stored(cells) + stored([cell('nginx', 1)], other))).toThrow('two runs');
  });

  it('says first what was measured', () => {
    expect(() => parseRun(stored(cells).split('\n').slice(1).join('\n'))).toThrow('expected object');
  });

  it.each([
    ['twice', [...cells, cells[0] ?? expect.fail()]],
    ['of a round that it does not have', [cell('nginx', 4)]],
    ['of a peer that it does not have', [cell('envoy', 1)]],
  ])('has no cell %s', (_, wrong) => {
    expect(() => parseRun(stored(wrong))).toThrow('no such cell, or has it twice');
  });

  it('says on what it was measured, and whether of a build with changes', () => {
    expect(describeRun(about)).toBe(
      '3 rounds of 3 s, 1 thread each, 2 cores (x64), Linux 6.18.44, Node 26.10.0, commit 0123456, 2026-11-30',
    );
    expect(describeRun({ ...about, dirty: true, workers: 2 })).toMatch(/2 threads each.*commit 0123456 with changes/);
  });
});
