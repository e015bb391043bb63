import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createResolver } from '../../../src/discovery/resolver.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('a name server that rotates its answers makes no change, but other addresses do', async () => {
  const clock = new ManualClock();
  const answers = [['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1'], ['10.0.0.3']];
  let changes = 0;
  const resolver = createResolver({
    clock,
    random: () => 0,
    onChange: () => (changes += 1),
    resolve: () => Promise.resolve(answers.shift() ?? []),
  });
  const seen: unknown[] = [];
  const look = async () => {
    await setImmediate();
    seen.push([changes, resolver.resolutions().get('db')]);
  };
  resolver.watch(['db']);
  await look();
  clock.advance(10_000);
  await look();
  clock.advance(10_000);
  await look();
  resolver.stop();
  const first = { kind: 'resolved', addresses: ['10.0.0.1', '10.0.0.2'] };
  expect(seen).toEqual([
    [1, first],
    [1, first],
    [2, { kind: 'resolved', addresses: ['10.0.0.3'] }],
  ]);
});
