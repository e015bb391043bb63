import { expect, it } from 'vitest';
import { keeperUrl } from '../../../src/demo/engine/acquire.ts';

it.each([
  ['beside the source', 'file:///p/src/demo/engine/acquire.ts', 'file:///p/src/demo/engine/keeper.ts'],
  ['beside the bundle', 'file:///p/dist/main.js', 'file:///p/dist/engine-keeper.js'],
  ['above the bundle’s chunks', 'file:///p/dist/chunks/tour-Ab12.js', 'file:///p/dist/engine-keeper.js'],
])('the keeper’s code is found %s', (_title, from, keeper) => {
  expect(keeperUrl(from).href).toBe(keeper);
});
