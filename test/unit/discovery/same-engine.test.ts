import { describe, expect, it } from 'vitest';
import { createTwinFinder } from '../../../src/discovery/same-engine.ts';
import type { ContainerFacts, EngineSnapshot } from '../../../src/docker/facts.ts';
import { containerFacts, snapshotOf } from '../../support/facts.ts';

const [one, two, three] = [containerFacts(), containerFacts(), containerFacts()];
const away = (...containers: readonly ContainerFacts[]): EngineSnapshot => ({
  ...snapshotOf(containers),
  status: { kind: 'disconnected', reason: 'it was stopped' },
});

describe('two addresses of one engine', () => {
  it('are found by a container that both have, and the later one is ignored', () => {
    const find = createTwinFinder();
    expect(find([snapshotOf([one]), snapshotOf([three]), snapshotOf([two, one])])).toEqual([{ ignored: 2, first: 0 }]);
  });

  it('are two engines while they have no container in common', () => {
    expect(createTwinFinder()([snapshotOf([one]), snapshotOf([two])])).toEqual([]);
    expect(createTwinFinder()([snapshotOf([]), snapshotOf([])])).toEqual([]);
  });

  it('stay one engine while one of them has heard of the last container’s death and the other has not', () => {
    const find = createTwinFinder();
    const twins = find([snapshotOf([one]), snapshotOf([one])]);
    expect(find([snapshotOf([]), snapshotOf([one])])).toEqual(twins);
    expect(find([snapshotOf([]), snapshotOf([])])).toEqual(twins);
    expect(find([snapshotOf([]), snapshotOf([two])])).toEqual(twins);
  });

  it('are compared again once one of them was out of reach: it may be another engine now', () => {
    const find = createTwinFinder();
    find([snapshotOf([one]), snapshotOf([one])]);
    expect(find([snapshotOf([one]), away(one)])).toHaveLength(1);
    expect(find([snapshotOf([one]), away(two)])).toEqual([]);
    expect(find([snapshotOf([one]), snapshotOf([two])])).toEqual([]);
  });
});
