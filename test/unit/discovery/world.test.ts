import { describe, expect, test } from 'vitest';
import { World, type Effect } from '../../../src/discovery/world.ts';
import type { ContainerFacts, EngineEvent } from '../../../src/docker/facts.ts';
import { facts, summary } from '../../support/fake-engine/port.ts';

const id = 'a'.repeat(64);
const parentId = 'b'.repeat(64);
const labels = { 'sealane.port': '80' };

function event(action: string, timeNs: bigint, overrides: Partial<EngineEvent> = {}): EngineEvent {
  return { type: 'container', action, containerId: id, attributes: labels, timeNs, ...overrides };
}

/** Begins and answers an inspect at once, without events in between. */
function inspect(world: World, container: ContainerFacts | undefined, key = container?.id ?? id): Effect {
  return world.inspected(key, world.begin(), container);
}

function running(startedAtNs = 1000n): World {
  const world = new World('sealane');
  world.heard(event('start', startedAtNs));
  inspect(world, facts({ startedAtNs }));
  return world;
}

describe('a labelled container', () => {
  test('appears once it has been inspected', () => {
    const world = new World('sealane');
    expect(world.heard(event('start', 1n))).toEqual({ changed: false, inspect: [id], recheck: false });
    expect(world.containers().size).toBe(0);
    expect(inspect(world, facts())).toMatchObject({ changed: true });
    expect(world.containers().get(id)).toEqual(facts());
  });

  test('leaves at once when it dies, before any inspect', () => {
    const world = running();
    expect(world.heard(event('die', 2000n))).toEqual({ changed: true, inspect: [id], recheck: false });
    expect(world.containers().size).toBe(0);
  });

  test('is not brought back by an answer to an inspect that began before it died', () => {
    const world = running();
    const begun = world.begin();
    world.heard(event('die', 2000n));
    expect(world.inspected(id, begun, facts())).toMatchObject({ changed: false });
    expect(world.containers().size).toBe(0);
  });

  test('is not brought back by an engine that still says it runs, and is inspected again in a moment', () => {
    const world = running();
    world.heard(event('die', 2000n));
    expect(inspect(world, facts())).toEqual({ changed: false, inspect: [], recheck: true });
    expect(world.containers().size).toBe(0);
  });

  test('counts as alive when the engine says so twice: its clock was set back and a start was missed', () => {
    const world = running();
    world.heard(event('die', 2000n));
    inspect(world, facts());
    expect(inspect(world, facts())).toMatchObject({ changed: true });
  });

  test('comes back with its next run', () => {
    const world = running();
    world.heard(event('die', 2000n));
    world.heard(event('start', 3000n));
    expect(world.containers().size).toBe(0);
    inspect(world, facts({ startedAtNs: 2999n }));
    expect(world.containers().get(id)?.startedAtNs).toBe(2999n);
  });

  test('is not confused by an answer about the former run that arrives after the start of the next', () => {
    const world = running();
    const begun = world.begin();
    world.heard(event('die', 2000n));
    world.heard(event('start', 3000n));
    expect(world.inspected(id, begun, facts()).changed).toBe(false);
  });

  test('survives the replayed death of an earlier run', () => {
    const world = running(5000n);
    expect(world.heard(event('die', 4000n)).changed).toBe(false);
    expect(world.containers().size).toBe(1);
  });

  test('comes back although the engine’s clock was set back between death and start', () => {
    const world = running();
    world.heard(event('die', 2000n));
    world.heard(event('start', 500n));
    inspect(world, facts({ startedAtNs: 499n }));
    expect(world.containers().size).toBe(1);
  });

  test('is paused at once, and stays paused when an earlier answer says otherwise', () => {
    const world = running();
    const begun = world.begin();
    expect(world.heard(event('pause', 2000n))).toMatchObject({ changed: true, inspect: [id] });
    expect(world.containers().get(id)?.state).toBe('paused');
    expect(world.inspected(id, begun, facts()).changed).toBe(false);
    expect(world.containers().get(id)?.state).toBe('paused');
    inspect(world, facts());
    expect(world.containers().get(id)?.state).toBe('running');
  });

  test('stays in the snapshot while it restarts, in that state', () => {
    const world = running();
    world.heard(event('die', 2000n));
    inspect(world, facts({ state: 'restarting' }));
    expect(world.containers().get(id)?.state).toBe('restarting');
  });

  test.each(['exited', 'dead', 'created', 'removing'] as const)('is gone when inspected as %s', (state) => {
    const world = running();
    expect(inspect(world, facts({ state })).changed).toBe(true);
    expect(world.follows(id)).toBe(false);
  });

  test('is gone when the engine does not know it, and when it is destroyed', () => {
    const world = running();
    expect(inspect(world, undefined).changed).toBe(true);
    const other = running();
    expect(other.heard(event('destroy', 2000n)).changed).toBe(true);
    expect(other.containers().size).toBe(0);
  });

  test('is not forgotten by an answer from before its start', () => {
    const world = running();
    world.heard(event('die', 2000n));
    const begun = world.begin();
    world.heard(event('start', 3000n));
    world.inspected(id, begun, facts({ state: 'exited' }));
    inspect(world, facts({ startedAtNs: 2500n }));
    expect(world.containers().size).toBe(1);
  });

  test('that did not change is the same object as before, without a change', () => {
    const world = running();
    const before = world.containers().get(id);
    expect(inspect(world, facts()).changed).toBe(false);
    expect(world.containers().get(id)).toBe(before);
  });

  test.each(['unpause', 'rename', 'update', 'health_status: healthy', 'stop', 'restart'])(
    'is inspected on %s',
    (action) => {
      expect(running().heard(event(action, 2000n))).toEqual({ changed: false, inspect: [id], recheck: false });
    },
  );

  test.each(['connect', 'disconnect'])('is inspected on a network’s %s, which carries no labels', (action) => {
    const change = { type: 'network', attributes: { container: id } } as const;
    expect(running().heard(event(action, 2000n, change)).inspect).toEqual([id]);
  });

  test.each(['create', 'kill', 'oom'])('is not inspected on %s', (action) => {
    expect(running().heard(event(action, 2000n)).inspect).toEqual([]);
  });
});

test.each(['start', 'die', 'pause', 'health_status: healthy', 'rename'])(
  'an unlabelled container’s %s costs nothing',
  (action) => {
    const world = new World('sealane');
    const unlabelled = { image: 'x', sealane: 'no dot', 'other.sealane.port': '80' };
    expect(world.heard(event(action, 1n, { attributes: unlabelled }))).toEqual({
      changed: false,
      inspect: [],
      recheck: false,
    });
  },
);

describe('a list', () => {
  test('has labelled containers inspected, and no others', () => {
    const world = new World('sealane');
    const rows = [summary(facts()), summary(facts({ id: parentId, labels: { other: 'x' } }))];
    expect(world.listed(rows, true).inspect).toEqual([id]);
  });

  test('has containers with unchanged rows inspected only after a gap', () => {
    const world = new World('sealane');
    world.listed([summary(facts())], true);
    inspect(world, facts());
    expect(world.listed([summary(facts())], false).inspect).toEqual([]);
    expect(world.listed([summary(facts({ health: 'healthy' }))], false).inspect).toEqual([id]);
    expect(world.listed([summary(facts({ health: 'healthy' }))], true).inspect).toEqual([id]);
  });

  test('removes no container: a missing one is inspected', () => {
    const world = running();
    expect(world.listed([], false)).toEqual({ changed: false, inspect: [id], recheck: false });
    expect(world.containers().size).toBe(1);
    inspect(world, undefined);
    expect(world.containers().size).toBe(0);
  });

  test('does not bring back a dead container', () => {
    const world = running();
    world.heard(event('die', 2000n));
    world.listed([summary(facts())], false);
    expect(world.containers().size).toBe(0);
  });
});

describe('the owner of a shared network namespace', () => {
  const child = facts({ networking: { kind: 'container', of: parentId } });
  const parent = facts({ id: parentId, name: 'gluetun', labels: {} });

  function shared(): World {
    const world = new World('sealane');
    world.heard(event('start', 1n));
    expect(inspect(world, child)).toMatchObject({ changed: true, inspect: [parentId] });
    expect(inspect(world, parent).changed).toBe(true);
    return world;
  }

  test('is followed although it has no labels', () => {
    const world = shared();
    expect([...world.containers().keys()].toSorted()).toEqual([id, parentId]);
    expect(world.heard(event('die', 5000n, { containerId: parentId, attributes: {} })).changed).toBe(true);
  });

  test('is followed over its restart', () => {
    const world = shared();
    world.heard(event('die', 5000n, { containerId: parentId, attributes: {} }));
    inspect(world, { ...parent, state: 'exited' });
    expect(world.heard(event('start', 6000n, { containerId: parentId, attributes: {} })).inspect).toEqual([parentId]);
    inspect(world, { ...parent, startedAtNs: 5999n });
    expect(world.containers().get(parentId)?.startedAtNs).toBe(5999n);
  });

  test('is no longer followed once no container shares it', () => {
    const world = shared();
    world.heard(event('die', 5000n));
    inspect(world, { ...child, state: 'exited' });
    expect(world.containers().size).toBe(0);
    expect(world.follows(parentId)).toBe(false);
  });

  test('that is gone is not inspected again and again', () => {
    const world = shared();
    expect(inspect(world, undefined, parentId).inspect).toEqual([]);
    expect(world.containers().size).toBe(1);
  });
});
