import { getHeapSpaceStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { spareMemory } from '../../../../src/daemon/process/spare-memory.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** The memory of what was made lately, in bytes. */
function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.physical_space_size ?? 0;
}

/** Makes the young generation large: what is made survives several collections. */
function likeAStart(): void {
  const kept: object[] = [];
  for (let index = 0; index < 400_000; index += 1) kept.push({ index });
  expect(kept.length).toBe(400_000);
}

it('gives back the memory that only the start needed, once', () => {
  const clock = new ManualClock();
  spareMemory(clock, Infinity);
  likeAStart();
  const before = youngBytes();
  clock.advance(4_999);
  expect(youngBytes()).toBeGreaterThan(before / 2);
  clock.advance(1);
  expect(youngBytes()).toBeLessThan(before / 2);
});

it('leaves a large heap and a Sealane that stops alone', () => {
  const clock = new ManualClock();
  spareMemory(clock, 1024);
  spareMemory(clock, Infinity).cancel();
  likeAStart();
  const before = youngBytes();
  clock.advance(10_000);
  expect(youngBytes()).toBeGreaterThan(before / 2);
});
