import { expect, it } from 'vitest';
import { areApart, roleOf } from '../../../src/check/placement.ts';

function placed(...constraints: readonly string[]): Parameters<typeof roleOf>[0] {
  return { deploy: { labels: new Map(), replicas: undefined, swarmOnly: 'placement', constraints } };
}

it.each([
  [['node.role == manager'], 'manager'],
  [['node.labels.disk==ssd', 'node.role!=worker'], 'manager'],
  [['node.role != manager'], 'worker'],
  [['node.role=manager'], undefined],
  [[], undefined],
])('tasks with the constraints %j run on nodes of one role: %s', (constraints, role) => {
  expect(roleOf(placed(...constraints))).toBe(role);
});

it.each([
  ['node.role==manager', 'node.role == worker', true],
  ['node.role==manager', 'node.role!=manager', true],
  ['node.role!=worker', 'node.role==manager', false],
  ['node.labels.zone==a', 'node.labels.zone==b', true],
  ['node.labels.zone!=a', 'node.labels.zone!=b', false],
  ['node.labels.zone==a', 'node.labels.zone!=a', true],
  ['node.labels.zone==a', 'node.labels.rack!=a', false],
  ['', 'node.role==manager', false],
])('tasks with %j and with %j never run on one node: %s', (one, other, expected) => {
  expect(areApart(placed(one), placed(other))).toBe(expected);
  expect(areApart(placed(other), placed(one))).toBe(expected);
});
