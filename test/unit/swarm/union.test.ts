import { describe, expect, test } from 'vitest';
import type { SwarmSnapshot } from '../../../src/docker/swarm/facts.ts';
import { createUnion, type SwarmSource } from '../../../src/swarm/union.ts';
import { manager, webService, worker } from '../../support/fake-engine/swarm-port.ts';

function snapshotOf(id: string, over: Partial<SwarmSnapshot> = {}): SwarmSnapshot {
  const services = new Map([[id, webService({ id })]]);
  return { services, tasks: new Map(), nodes: new Map(), failed: new Map(), ...over };
}

function source(snapshot: SwarmSnapshot, over: Partial<SwarmSource['state']> = {}, isReached = true): SwarmSource {
  return { state: { standing: manager, clusterId: 'c1', snapshot, isAwaited: false, ...over }, isReached };
}

const nothing: SwarmSource = { state: { standing: worker, isAwaited: false }, isReached: true };

describe('what several managers of a Swarm tell', () => {
  const [a, b] = [snapshotOf('a'), snapshotOf('b')];

  test('is what the first one tells', () => {
    expect(createUnion()([nothing, source(a), source(b)])).toBe(a);
  });

  test('is nothing where there is none', () => {
    expect(createUnion()([nothing])).toBeUndefined();
  });

  test.each([
    ['is out of reach', source(a, {}, false)],
    ['does not answer for its Swarm', source({ ...a, failure: 'no leader' })],
    ['has not answered just now', source(a, { isSilent: true })],
    ['is none any more', source(a, { standing: worker })],
    [
      'is locked, and has never told which Swarm it is in',
      source({ ...a, failure: 'locked' }, { clusterId: undefined }),
    ],
  ])('is what the next one tells while the first %s', (_, first) => {
    expect(createUnion()([first, source(b)])).toBe(b);
  });

  test('is the last known state of the first one while none answers', () => {
    const failing = { ...a, failure: 'no leader' };
    expect(createUnion()([source(failing), source(b, {}, false)])).toBe(failing);
  });
});

test('several Swarms are all known, in one object until one of them changes', () => {
  const union = createUnion();
  const [a, b] = [source(snapshotOf('a')), source(snapshotOf('b', { failure: 'no leader' }), { clusterId: 'c2' })];
  const both = union([a, b]);
  expect([...(both?.services.keys() ?? [])]).toEqual(['a', 'b']);
  expect(both?.failure).toBe('no leader');
  expect(union([a, b])).toBe(both);
  expect(union([a, source(snapshotOf('c'), { clusterId: 'c2' })])).not.toBe(both);
});
