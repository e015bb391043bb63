import { expect, it } from 'vitest';
import { createEngineConflicts } from '../../../src/daemon/engine-conflicts.ts';
import type { WatchedEngine } from '../../../src/daemon/engine-watch.ts';
import type { ContainerFacts, EngineSnapshot, Vantage } from '../../../src/docker/facts.ts';
import { containerFacts, onHost, snapshotOf } from '../../support/facts.ts';

const at = (ipv4: string, networkId = 'n'): ContainerFacts =>
  containerFacts({ networking: { kind: 'networks', attachments: [{ name: 'bridge', networkId, ipv4 }] } });
const own: Vantage = { ...onHost, selfId: 'me' };

/** Two engines, and which of them count as those of other networks. */
function pair(first: EngineSnapshot, second: EngineSnapshot) {
  const snapshots = [first, second];
  const engines = ['a', 'b'].map((name, index) => ({ name, snapshot: () => snapshots[index] }) as WatchedEngine);
  const conflicts = createEngineConflicts(engines);
  return {
    apart(...now: readonly EngineSnapshot[]): readonly (string | undefined)[] {
      snapshots.splice(0, now.length, ...now);
      conflicts.update();
      return engines.filter(conflicts.isApart).map(({ name }) => name);
    },
    problems: () => conflicts.problems().map(({ message, fix }) => `${message}. ${fix}`),
  };
}

it('of two engines with the same addresses, the one with Sealane’s own container is this machine’s', () => {
  const scene = pair(snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.2')], own));
  expect(scene.apart()).toEqual(['a']);
  expect(scene.problems()).toEqual([expect.stringMatching(/through the published ports of a only\. Give one of/)]);
});

it('without Sealane’s own container it is the first, and a person is asked to put that one first', () => {
  const scene = pair(snapshotOf([at('172.17.0.2')]), snapshotOf([at('172.17.0.2')]));
  expect(scene.apart()).toEqual(['b']);
  expect(scene.problems()).toEqual([expect.stringMatching(/published ports of b only\. .* of this machine first/)]);
});

it('an engine whose network was made again with another range is dialed again, without a new connection', () => {
  const first = snapshotOf([at('172.17.0.2')]);
  const scene = pair(first, snapshotOf([at('172.17.0.2')]));
  expect(scene.apart()).toEqual(['b']);
  expect(scene.apart(first, snapshotOf([at('172.17.0.3')]))).toEqual(['b']);
  expect(scene.apart(first, snapshotOf([at('10.9.0.2', 'made-again')]))).toEqual([]);
});
