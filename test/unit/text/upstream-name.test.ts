import { expect, test } from 'vitest';
import { upstreamName } from '../../../src/text/upstream-name.ts';

const task = { service: 'shop_web', name: 'shop_web.2', slot: 2, node: 'node1' };

test.each([
  ['a container', null, 'shop_web.2.k3j'],
  ['a task', task, 'shop_web.2 on node1'],
  ['a task of a global service', { ...task, name: 'shop_web.x7', slot: null }, 'shop_web on node1'],
  ['a task without a node', { ...task, node: null }, 'shop_web.2'],
])('%s is named for people', (_, of, name) => {
  expect(upstreamName({ name: 'shop_web.2.k3j', task: of })).toBe(name);
});
