import { describe, expect, test } from 'vitest';
import { dialectOfComponents } from '../../../src/docker/dialect.ts';
import { EngineError } from '../../../src/docker/engine.ts';
import type { EngineEvent } from '../../../src/docker/facts.ts';
import { facts, settle } from '../../support/fake-engine/port.ts';
import { pass, watch } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);
const otherId = 'b'.repeat(64);

test('a listener hears when the stream is open or lost, and the events of containers that are not followed, too', async () => {
  const heard: string[] = [];
  const listener = {
    onOpen: () => heard.push('open'),
    onLost: () => heard.push('lost'),
    onEvent: ({ action }: EngineEvent) => heard.push(action),
  };
  await using scene = await watch(() => {}, { listener });
  scene.engine.emit({ action: 'start', id: otherId, timeNs: 2n });
  await settle();
  scene.engine.cut();
  await settle();
  await pass(scene, 1000);
  expect(heard).toEqual(['open', 'start', 'lost', 'open']);
});

describe('the watcher while events flow', () => {
  test('adds a container that starts', async () => {
    await using scene = await watch();
    scene.engine.set(facts({ id }));
    scene.engine.emit({ action: 'start', id, timeNs: 2000n });
    await settle();
    expect(scene.ids()).toEqual([id]);
  });

  test('reads one full list for a flood of unreadable events, and one more a moment after the last of them', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    const lists = (): number => scene.engine.calls.filter((call) => call === 'list').length;
    const before = lists();
    await pass(scene, 1_000);
    for (let flood = 0; flood < 10; flood += 1) {
      for (let line = 0; line < 100; line += 1) scene.engine.write('unreadable\n');
      await settle();
    }
    expect(lists()).toBe(before + 1);
    await pass(scene, 1_000);
    expect(lists()).toBe(before + 2);
    await pass(scene, 10_000);
    expect(lists()).toBe(before + 2);
  });

  test('says once for each full list why it is read, in whichever ways the events are unreadable', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    await pass(scene, 1_000);
    for (let line = 0; line < 100; line += 1) scene.engine.write(line % 2 === 0 ? 'unreadable\n' : '{"Type":5}\n');
    await settle();
    await pass(scene, 10_000);
    expect(scene.warnings).toMatchObject([{ event: 'engine-events-lost' }]);
  });

  test('does not abandon a full list for another gap, although the pause after an older list ends meanwhile', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    const lists = (): number => scene.engine.calls.filter((call) => call === 'list').length;
    const before = lists();
    const gate = Promise.withResolvers<void>();
    scene.engine.before = (call) => (call === 'list' ? gate.promise : undefined);
    scene.engine.write('unreadable\n');
    await settle();
    await pass(scene, 1_000);
    scene.engine.write('unreadable\n');
    await settle();
    expect(lists()).toBe(before + 1);
    gate.resolve();
  });

  test('inspects a container again that the engine tells of before it stores what happened', async () => {
    const podman = dialectOfComponents(['Podman Engine']);
    await using scene = await watch((engine) => {
      engine.dialect = podman;
      engine.set(facts({ id, health: 'starting' }));
    });
    const health = (): unknown => scene.watcher.snapshot().containers.get(id)?.health;
    scene.engine.emit({ action: 'health_status', id, timeNs: 2000n });
    await settle();
    expect(health()).toBe('starting');
    scene.engine.set(facts({ id, health: 'healthy' }));
    await pass(scene, 1_000);
    expect(health()).toBe('healthy');
    expect(scene.inspects()).toEqual([id, id, id]);
  });

  test('removes a container in the same turn in which its death arrives, and then inspects it', async () => {
    const gate = Promise.withResolvers<void>();
    await using scene = await watch((engine) => engine.set(facts({ id })));
    const before = scene.changes();
    scene.engine.before = (call) => (call.startsWith('inspect') ? gate.promise : undefined);
    scene.engine.set(facts({ id, state: 'exited' }));
    scene.engine.emit({ action: 'die', id, timeNs: 2000n });
    await settle();
    expect(scene.ids()).toEqual([]);
    expect(scene.changes()).toBe(before + 1);
    expect(scene.inspects()).toEqual([id, id]);
    gate.resolve();
  });

  test('inspects again when the engine says that a dead container lives, and believes it the second time', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    scene.engine.emit({ action: 'die', id, timeNs: 2000n });
    await settle();
    expect(scene.ids()).toEqual([]);
    await pass(scene, 1000);
    expect(scene.ids()).toEqual([id]);
  });

  test('tells its observer which events changed nothing, so that they do not date a later change', async () => {
    const waiting = new Map<string, string>();
    const told: string[] = [];
    const observer = {
      onEvent(event: EngineEvent, _: unknown, { matters }: { matters: boolean }) {
        if (matters && !waiting.has(event.containerId)) waiting.set(event.containerId, event.action);
      },
      onApplied(containerId: string, { changed, settled }: { changed: boolean; settled: boolean }) {
        if (changed) told.push(waiting.get(containerId) ?? 'no event');
        if (changed || settled) waiting.delete(containerId);
      },
    };
    await using scene = await watch((engine) => engine.set(facts({ id })), { observer });
    const happen = async (action: string, timeNs: bigint, attributes = {}) => {
      scene.engine.emit({ action, id, timeNs, attributes });
      await settle();
    };
    await happen('kill', 2000n, { signal: '1' });
    scene.engine.set(facts({ id, state: 'exited' }));
    await happen('die', 2001n);
    await happen('stop', 2002n, { 'sealane.port': '80' });
    scene.engine.set(facts({ id, startedAtNs: 9000n }));
    await happen('start', 9000n, { 'sealane.port': '80' });
    await happen('exec_start: true', 9001n);
    scene.engine.containers.delete(id);
    await happen('destroy', 9002n);
    expect([told, [...waiting]]).toEqual([['no event', 'die', 'start', 'destroy'], []]);
  });

  test('inspects once for a burst of events of one container', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    for (let number = 0; number < 50; number += 1) {
      scene.engine.emit({ action: 'health_status: healthy', id, timeNs: BigInt(2000 + number) });
    }
    await settle();
    expect(scene.inspects().length).toBeLessThanOrEqual(3);
  });

  test('does nothing for the events of unlabelled containers', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id: otherId, labels: {} })));
    const [calls, changes] = [scene.engine.calls.length, scene.changes()];
    for (const action of ['start', 'die', 'pause', 'health_status: healthy', 'destroy']) {
      scene.engine.emit({ action, id: otherId, timeNs: 2000n });
    }
    scene.engine.emit({ action: 'connect', id: otherId, type: 'network', timeNs: 2001n });
    await settle();
    expect(scene.engine.calls).toHaveLength(calls);
    expect(scene.changes()).toBe(changes);
  });

  test('keeps the same object for facts that did not change', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId }));
    });
    const before = scene.watcher.snapshot();
    scene.engine.set(facts({ id: otherId, health: 'healthy' }));
    scene.engine.emit({ action: 'health_status: healthy', id: otherId, timeNs: 2000n });
    await settle();
    const after = scene.watcher.snapshot();
    expect(after).not.toBe(before);
    expect(after.containers.get(id)).toBe(before.containers.get(id));
    expect(before.containers.get(otherId)?.health).toBe('none');
    expect(after.containers.get(otherId)?.health).toBe('healthy');
    expect(scene.watcher.snapshot()).toBe(after);
  });

  test('follows the container whose network a labelled one shares', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id, networking: { kind: 'container', of: otherId } }));
      engine.set(facts({ id: otherId, labels: {} }));
    });
    expect(scene.ids()).toEqual([id, otherId]);
    scene.engine.emit({ action: 'die', id: otherId, timeNs: 2000n });
    await settle();
    expect(scene.ids()).toEqual([id]);
  });

  test('knows at once that a container was sent its stop signal, and forgets it with the next run', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id, stopSignal: 'SIGQUIT', startedAtNs: 1000n })));
    const request = () => scene.watcher.snapshot().containers.get(id)?.stopRequest;
    scene.engine.emit({ action: 'kill', id, attributes: { signal: '15' }, timeNs: 2000n });
    await settle();
    expect(request()).toBeUndefined();
    scene.engine.emit({ action: 'kill', id, attributes: { signal: '3' }, timeNs: 3000n });
    await settle();
    expect(request()).toEqual({ signal: 'SIGQUIT', atNs: 3000n });
    scene.engine.emit({ action: 'update', id, timeNs: 3500n });
    await settle();
    expect(request()).toEqual({ signal: 'SIGQUIT', atNs: 3000n });
    scene.engine.set(facts({ id, stopSignal: 'SIGQUIT', startedAtNs: 4000n }));
    scene.engine.emit({ action: 'start', id, timeNs: 4000n });
    await settle();
    expect(request()).toBeUndefined();
  });

  test('ignores a signal whose attribute is hidden by a label', async () => {
    await using scene = await watch((engine) =>
      engine.set(facts({ id, labels: { 'sealane.port': '80', signal: '15' } })),
    );
    scene.engine.emit({ action: 'kill', id, attributes: { signal: '15' }, timeNs: 2000n });
    await settle();
    expect(scene.watcher.snapshot().containers.get(id)?.stopRequest).toBeUndefined();
  });

  test('tries a failed inspect again and keeps the last good facts meanwhile', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    scene.engine.before = (call) => {
      if (call.startsWith('inspect')) throw new EngineError('timeout', 'slow');
    };
    scene.engine.set(facts({ id, health: 'healthy' }));
    scene.engine.emit({ action: 'health_status: healthy', id, timeNs: 2000n });
    await settle();
    await pass(scene, 100);
    expect(scene.watcher.snapshot().containers.get(id)?.health).toBe('none');
    scene.engine.before = () => {};
    await pass(scene, 1000);
    expect(scene.watcher.snapshot().containers.get(id)?.health).toBe('healthy');
    expect(scene.warnings).toEqual([{ event: 'container-unreadable', containerId: id, reason: 'slow' }]);
  });

  test('inspects a container again of which an address is not known yet, and serves it meanwhile', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id, isIncomplete: true })));
    expect(scene.ids()).toEqual([id]);
    scene.engine.set(facts({ id }));
    await pass(scene, 100);
    expect(scene.watcher.snapshot().containers.get(id)).not.toHaveProperty('isIncomplete');
    const inspects = scene.inspects().length;
    await pass(scene, 60_000);
    expect(scene.inspects()).toHaveLength(inspects);
    expect(scene.warnings).toEqual([]);
  });

  test('reads the full list at intervals, and inspects only containers that differ or are missing', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId }));
    });
    scene.engine.containers.delete(otherId);
    await pass(scene, 330_000);
    expect(scene.engine.calls.filter((call) => call === 'list')).toHaveLength(2);
    expect(scene.inspects().slice(2)).toEqual([otherId]);
    expect(scene.ids()).toEqual([id]);
  });

  test('reads the full list again when an event cannot be understood', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    scene.engine.write('<html>\n');
    await settle();
    expect(scene.engine.calls.filter((call) => call === 'list')).toHaveLength(2);
    expect(scene.inspects()).toEqual([id, id]);
  });
});
