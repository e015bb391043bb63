import { describe, expect, it } from 'vitest';
import { createPairFinder, findSharedAddresses, findSharedContainers } from '../../../src/discovery/engine-pairs.ts';
import type { ContainerFacts, EngineSnapshot } from '../../../src/docker/facts.ts';
import { containerFacts, snapshotOf } from '../../support/facts.ts';

const [one, two, three] = [containerFacts(), containerFacts(), containerFacts()];
const away = (...containers: readonly ContainerFacts[]): EngineSnapshot => ({
  ...snapshotOf(containers),
  status: { kind: 'disconnected', reason: 'it was stopped' },
});

describe('two addresses of one engine', () => {
  it('are found by a container that both have, and the second one is ignored', () => {
    const find = createPairFinder(findSharedContainers());
    expect(find([snapshotOf([one]), snapshotOf([three]), snapshotOf([two, one])])).toMatchObject([
      { first: 0, second: 2 },
    ]);
  });

  it('are two engines while they have no container in common', () => {
    expect(createPairFinder(findSharedContainers())([snapshotOf([one]), snapshotOf([two])])).toEqual([]);
    expect(createPairFinder(findSharedContainers())([snapshotOf([]), snapshotOf([])])).toEqual([]);
  });

  it('stay one engine while one of them has heard of the last container’s death and the other has not', () => {
    const find = createPairFinder(findSharedContainers());
    const twins = find([snapshotOf([one]), snapshotOf([one])]);
    expect(find([snapshotOf([]), snapshotOf([one])])).toEqual(twins);
    expect(find([snapshotOf([]), snapshotOf([])])).toEqual(twins);
    expect(find([snapshotOf([]), snapshotOf([two])])).toEqual(twins);
  });

  it('are compared again once one of them was out of reach: it may be another engine now', () => {
    const find = createPairFinder(findSharedContainers());
    find([snapshotOf([one]), snapshotOf([one])]);
    expect(find([snapshotOf([one]), away(one)])).toHaveLength(1);
    expect(find([snapshotOf([one]), away(two)])).toEqual([]);
    expect(find([snapshotOf([one]), snapshotOf([two])])).toEqual([]);
  });
});

describe('two engines whose containers have the same address', () => {
  const at = (ipv4: string, networkId = 'n'): ContainerFacts =>
    containerFacts({
      networking: { kind: 'networks', attachments: [{ name: 'bridge', networkId, ipv4 }] },
    });

  it('are found, since a dial to one would reach the other', () => {
    const [a, b] = [snapshotOf([at('172.17.0.2'), at('172.17.0.3')]), snapshotOf([at('172.17.0.3')])];
    expect(createPairFinder(findSharedAddresses())([a, b])).toMatchObject([{ first: 0, second: 1 }]);
  });

  it('are this machine’s where Sealane’s own container is, in whichever order they were given', () => {
    const [x, y] = [at('172.17.0.2'), at('172.17.0.2')];
    const find = createPairFinder(findSharedAddresses());
    expect(find([snapshotOf([x]), snapshotOf([y], { reach: { kind: 'host' }, selfId: 'me' })])).toMatchObject([
      { first: 1, second: 0 },
    ]);
  });

  it('stay apart while the second has containers on that network, also where none has such an address now', () => {
    const find = createPairFinder(findSharedAddresses());
    const overlap = find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.2')])]);
    expect(find([snapshotOf([]), snapshotOf([at('172.17.0.2')])])).toEqual(overlap);
    expect(find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.3')])])).toEqual(overlap);
    expect(find([snapshotOf([at('172.17.0.2')]), snapshotOf([])])).toEqual([]);
    expect(find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.3')])])).toEqual(overlap);
  });

  it('are no longer apart once the second has a network with another range', () => {
    const find = createPairFinder(findSharedAddresses());
    find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.2')])]);
    expect(find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('10.9.0.2', 'made-again')])])).toEqual([]);
  });

  it('do not matter where one of them is reached by other means', () => {
    const find = createPairFinder(findSharedAddresses());
    const far = snapshotOf([at('172.17.0.2')], { reach: { kind: 'published', host: '192.0.2.7' } });
    expect(find([snapshotOf([at('172.17.0.2')]), far])).toEqual([]);
    expect(find([snapshotOf([at('172.17.0.2')]), snapshotOf([at('10.88.0.2')])])).toEqual([]);
  });
});

describe('engines whose containers come and go', () => {
  it('are compared by what they have now, however often a container changed', () => {
    const find = findSharedContainers();
    const restarted = { ...one, startedAtNs: 9n };
    const share = (first: EngineSnapshot, second: EngineSnapshot): boolean => {
      find.update([first, second]);
      return find.compare(0, 1, undefined) !== undefined;
    };
    expect(share(snapshotOf([one]), snapshotOf([two]))).toBe(false);
    expect(share(snapshotOf([one]), snapshotOf([two, restarted]))).toBe(true);
    expect(share(snapshotOf([restarted]), snapshotOf([one]))).toBe(true);
    expect(share(snapshotOf([]), snapshotOf([one]))).toBe(false);
    expect(share(snapshotOf([two]), snapshotOf([one]))).toBe(false);
    expect(share(snapshotOf([two]), snapshotOf([two]))).toBe(true);
  });
});
