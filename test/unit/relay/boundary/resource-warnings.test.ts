import { expect, test } from 'vitest';
import { ResourceWarnings } from '../../../../src/relay/boundary/resource-warnings.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

test('a recurring warning is passed on at once and then now and then, separately for each kind and code', () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const warnings = new ResourceWarnings(clock, 1_000, ({ kind, code }) => void told.push(`${kind} ${code}`));
  const meet = (kind: 'accept-failed' | 'dial-impossible', code: string): void =>
    warnings.add({ kind, code, message: '' });
  for (let times = 0; times < 100; times++) meet('dial-impossible', 'EMFILE');
  meet('accept-failed', 'EMFILE');
  meet('dial-impossible', 'ENFILE');
  clock.advance(999);
  meet('dial-impossible', 'EMFILE');
  expect(told).toEqual(['dial-impossible EMFILE', 'accept-failed EMFILE', 'dial-impossible ENFILE']);
  clock.advance(1);
  meet('dial-impossible', 'EMFILE');
  expect(told).toHaveLength(4);
});
