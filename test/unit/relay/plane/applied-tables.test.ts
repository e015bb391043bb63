import { expect, it } from 'vitest';
import { AppliedTables } from '../../../../src/relay/plane/applied-tables.ts';

it('knows which table all relay threads have applied, also when one of them died', async () => {
  let threads = 2;
  const applied = new AppliedTables(3, () => threads);
  const seen: number[] = [];
  const wait = (version: number) => applied.untilAll(version).then(() => seen.push(version));
  const all = [wait(0), wait(1), wait(2)];
  await all[0];
  applied.set(0, 2);
  applied.set(1, 1);
  await all[1];
  // A thread that died has none until it was started and sent the last one.
  applied.set(0, 0);
  applied.set(1, 2);
  expect(applied.byAll).toBe(0);
  expect(seen).toEqual([0, 1]);
  applied.set(0, 2);
  await all[2];
  threads = 3;
  expect(applied.byAll).toBe(0);
});
