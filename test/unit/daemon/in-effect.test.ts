import { expect, it } from 'vitest';
import { emptyCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import { Broadcast } from '../../../src/daemon/broadcast.ts';
import { createInEffect } from '../../../src/daemon/in-effect.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('what an operator asked for is in effect once the next catalog has reached all relay threads', async () => {
  const told: string[] = [];
  const applied = Promise.withResolvers<void>();
  const catalogs = new Broadcast<[Catalog]>();
  const inEffect = createInEffect({
    clock: new ManualClock(),
    loop: { catalogs, markDirty: () => void told.push('a run was asked for') },
    relay: { plane: { applied: () => applied.promise.then(() => void told.push('applied')) } },
  });
  const done = inEffect().then(() => told.push('in effect'));
  applied.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['a run was asked for']);
  catalogs.tell(emptyCatalog);
  await done;
  expect(told).toEqual(['a run was asked for', 'applied', 'in effect']);
});

it('a relay thread that is stuck holds up the answer for a second', async () => {
  const clock = new ManualClock();
  const catalogs = new Broadcast<[Catalog]>();
  const inEffect = createInEffect({
    clock,
    loop: { catalogs, markDirty: () => catalogs.tell(emptyCatalog) },
    relay: { plane: { applied: () => new Promise<never>(() => undefined) } },
  });
  let done = false;
  const answered = inEffect().then(() => (done = true));
  clock.advance(999);
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(false);
  clock.advance(1);
  await answered;
});
