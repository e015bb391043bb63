import { describe, expect, test } from 'vitest';
import { createDiscoverer } from '../../../src/discovery/discover.ts';
import { World, type Effect } from '../../../src/discovery/world.ts';
import type { ContainerFacts, EngineEvent } from '../../../src/docker/facts.ts';
import { containerFacts, onHost, snapshotOf } from '../../support/facts.ts';
import { facts, summary } from '../../support/fake-engine/port.ts';

const compose = (service: string) => ({
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': service,
});
const sleepy = facts({ labels: { 'sealane.port': '80', 'sealane.sleep': '15m', ...compose('web') } });
const db = facts({ id: 'd'.repeat(64), name: 'db', labels: compose('db') });

function event(action: string, { id, labels }: ContainerFacts, timeNs = 5_000n): EngineEvent {
  return { type: 'container', action, containerId: id, attributes: labels, timeNs };
}

function inspect(world: World, container: ContainerFacts): Effect {
  return world.inspected(container.id, world.begin(), container);
}

describe('a container with the label sleep', () => {
  test('is kept while it is stopped, from its death on, and ends with its removal', () => {
    const world = new World('sealane', 'labelled', true);
    world.heard(event('start', sleepy, 900n));
    inspect(world, sleepy);
    world.heard({ ...event('kill', sleepy), attributes: { ...sleepy.labels, signal: '15' } });
    expect(world.heard(event('die', sleepy)).changed).toBe(true);
    expect([...world.stopped().values()]).toMatchObject([{ state: 'exited', stopRequest: { signal: 'SIGTERM' } }]);
    const exited = { ...sleepy, state: 'exited', lastExit: { code: 0, atMs: 1 } } as const;
    inspect(world, exited);
    expect([...world.stopped().values()], 'who asked for the stop stays known').toMatchObject([
      { lastExit: { code: 0 }, stopRequest: { signal: 'SIGTERM' } },
    ]);
    expect(world.heard(event('destroy', sleepy))).toMatchObject({ changed: true });
    expect(world.stopped().size).toBe(0);
  });

  test('is found stopped by a list, with all containers of its compose project; without leave to start it, nothing is', () => {
    const rows = [sleepy, db].map((one) => ({ ...summary(one), isStopped: true }) as const);
    const world = new World('sealane', 'labelled', true);
    expect(world.listed(rows, true).inspect.toSorted()).toEqual([sleepy.id, db.id].toSorted());
    expect(new World('sealane').listed(rows, true).inspect).toEqual([]);
    const later = new World('sealane', 'labelled', true);
    expect(later.heard(event('create', sleepy)), 'what it needs may have been created before').toMatchObject({
      relist: true,
      inspect: [sleepy.id],
    });
  });
});

test('a stopped container declares its routes, with an upstream that is asleep and has no address', () => {
  const labels = { 'sealane.listen': '8080', 'sealane.port': '80', 'sealane.sleep': '15m', 'sealane.sleep.with': 'db' };
  const actions = new Set(['start', 'stop'] as const);
  const rules = { labelPrefix: 'sealane', bind: '127.0.0.1', scope: 'all', actions } as const;
  const discover = (one: ContainerFacts, allowed = rules) =>
    createDiscoverer(allowed)({ containers: new Map(), stopped: new Map([[one.id, one]]), vantage: onHost });
  const stopped = containerFacts({ labels, state: 'exited' });
  const [declared] = discover(stopped).declarations;
  expect(declared?.upstream).toMatchObject({
    condition: { kind: 'asleep', how: 'stopped' },
    sleep: { afterMs: 900_000, mode: 'stop', with: ['db'] },
    endpoints: [],
  });
  const paused = containerFacts({ labels: { ...labels, 'sealane.sleep.mode': 'pause' }, state: 'exited' });
  expect(discover(paused).declarations, 'pause is not allowed').toEqual([]);
});

test('a container that restarts again and again is asleep where it has the label, and else no upstream', () => {
  const actions = new Set(['start', 'stop'] as const);
  const rules = { labelPrefix: 'sealane', bind: '127.0.0.1', scope: 'all', actions } as const;
  const labels = { 'sealane.listen': '8080', 'sealane.port': '80' };
  const upstream = (more: Readonly<Record<string, string>>) =>
    createDiscoverer(rules)(snapshotOf([containerFacts({ state: 'restarting', labels: { ...labels, ...more } })]))
      .declarations[0]?.upstream;
  expect(upstream({ 'sealane.sleep': '1h' })).toMatchObject({ condition: { kind: 'asleep' }, endpoints: [] });
  expect(upstream({})).toBeUndefined();
});

test('a container that the engine removes at its end is not stopped, which the label is told to be a problem for', () => {
  const actions = new Set(['start', 'stop', 'pause'] as const);
  const rules = { labelPrefix: 'sealane', bind: '127.0.0.1', scope: 'all', actions } as const;
  const labels = { 'sealane.listen': '8080', 'sealane.port': '80', 'sealane.sleep': '15m' };
  const discover = (over: Partial<ContainerFacts>) =>
    createDiscoverer(rules)(snapshotOf([containerFacts({ isRemovedAtEnd: true, ...over })]));
  const { declarations, problems } = discover({ labels });
  expect(declarations[0]?.upstream?.sleep).toBeUndefined();
  expect(problems).toMatchObject([{ code: 'sleep-impossible' }]);
  const paused = discover({ labels: { ...labels, 'sealane.sleep.mode': 'pause' } });
  expect(paused.problems).toEqual([]);
  expect(paused.declarations[0]?.upstream?.sleep).toMatchObject({ mode: 'pause' });
});
