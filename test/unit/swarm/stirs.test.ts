import { expect, test } from 'vitest';
import { Stirs } from '../../../src/swarm/stirs.ts';

test('what happened to a service, or to all, is remembered until it is not wanted any more', () => {
  const stirs = new Stirs();
  expect(stirs.lastMs('web')).toBe(-Infinity);
  stirs.service('web', 5);
  stirs.service('gone', 6);
  expect(stirs.lastMs('web')).toBe(5);
  stirs.all(7);
  expect([stirs.lastMs('web'), stirs.lastMs('other')]).toEqual([7, 7]);
  stirs.keep((id) => id === 'web');
  expect(stirs.size).toBe(1);
});
