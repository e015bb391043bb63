import { describe, expect, test } from 'vitest';
import type { ContainerFacts } from '../../../../src/docker/facts.ts';
import { facts, settle } from '../../../support/fake-engine/port.ts';
import { watch } from '../../../support/fake-engine/watch.ts';
import { taskLabels } from '../../../support/swarm/facts.ts';

/** The containers of Swarm services that have labels of Sealane, of which the containers themselves need none. */
const id = 'a'.repeat(64);
const otherId = 'b'.repeat(64);
const taskId = 'c'.repeat(64);
const task = (over: Partial<ContainerFacts> = {}): ContainerFacts =>
  facts({ id: taskId, labels: taskLabels('web'), ...over });
const services = new Set(['id-web']);

describe('the containers of a Swarm’s labelled service', () => {
  test('are followed from the moment at which it is known, with the others', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(task());
      engine.set(facts({ id: otherId, labels: taskLabels('other') }));
    });
    expect(scene.ids()).toEqual([id]);
    scene.watcher.followServices(services);
    await settle();
    expect(scene.ids()).toEqual([id, taskId]);
    // What is known already is not inspected again.
    expect(scene.inspects().filter((one) => one === id)).toHaveLength(1);
    const lists = (): number => scene.engine.calls.filter((call) => call === 'list').length;
    const before = lists();
    scene.watcher.followServices(new Set(services));
    await settle();
    expect(lists()).toBe(before);
  });

  test('are part of a complete snapshot: it is not synced before they are inspected', async () => {
    await using scene = await watch((engine) => engine.set(task()));
    expect(scene.watcher.snapshot().synced).toBe(true);
    const answer = Promise.withResolvers<void>();
    scene.engine.before = (call) => (call === `inspect ${taskId}` ? answer.promise : undefined);
    scene.watcher.followServices(services);
    await settle();
    expect(scene.watcher.snapshot().synced).toBe(false);
    answer.resolve();
    await settle();
    expect(scene.watcher.snapshot()).toMatchObject({ synced: true, containers: { size: 1 } });
    // No container is of this one.
    scene.watcher.followServices(new Set([...services, 'id-other']));
    expect(scene.watcher.snapshot().synced).toBe(false);
    await settle();
    expect(scene.watcher.snapshot().synced).toBe(true);
  });

  test('are followed by their events', async () => {
    await using scene = await watch();
    scene.watcher.followServices(services);
    await settle();
    scene.engine.set(task());
    scene.engine.emit({ action: 'start', id: taskId, timeNs: 2000n });
    await settle();
    expect(scene.ids()).toEqual([taskId]);
    scene.engine.emit({ action: 'die', id: taskId, timeNs: 3000n });
    await settle();
    expect(scene.ids()).toEqual([]);
  });

  test('are followed no more once it has no labels, unless they have labels of their own', async () => {
    const own = { ...taskLabels('web', { slot: 2 }), 'sealane.port': '80' };
    await using scene = await watch((engine) => {
      engine.set(task());
      engine.set(facts({ id, labels: own }));
    });
    scene.watcher.followServices(services);
    await settle();
    expect(scene.ids()).toEqual([id, taskId]);
    const changes = scene.changes();
    scene.watcher.followServices(new Set());
    expect(scene.ids()).toEqual([id]);
    expect(scene.changes()).toBe(changes + 1);
    await settle();
    expect(scene.ids()).toEqual([id]);
  });

  test('stay followed as the owners of a network that a labelled container shares', async () => {
    await using scene = await watch((engine) => {
      engine.set(task());
      engine.set(facts({ id, networking: { kind: 'container', of: taskId } }));
    });
    scene.watcher.followServices(services);
    await settle();
    scene.watcher.followServices(new Set());
    await settle();
    expect(scene.ids()).toEqual([id, taskId]);
  });

  test('stay followed once it has labels again, also after nothing shares the network of one of them any more', async () => {
    const sharing = facts({ id, networking: { kind: 'container', of: taskId } });
    await using scene = await watch((engine) => {
      engine.set(task());
      engine.set(sharing);
    });
    scene.watcher.followServices(services);
    await settle();
    scene.watcher.followServices(new Set());
    await settle();
    scene.watcher.followServices(services);
    await settle();
    scene.engine.containers.delete(id);
    scene.engine.emit({ action: 'destroy', id, timeNs: 5000n });
    await settle();
    expect(scene.ids()).toEqual([taskId]);
  });

  test('are forgotten if it lost its labels while they were being inspected', async () => {
    await using scene = await watch((engine) => engine.set(task()));
    const answer = Promise.withResolvers<void>();
    scene.engine.before = (call) => (call === `inspect ${taskId}` ? answer.promise : undefined);
    scene.watcher.followServices(services);
    await settle();
    scene.watcher.followServices(new Set());
    scene.engine.before = () => {};
    answer.resolve();
    await settle();
    expect(scene.ids()).toEqual([]);
  });

  test('do not let a full list after a gap become a partial one', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(task());
    });
    const answer = Promise.withResolvers<void>();
    scene.engine.before = (call) => (call === 'list' ? answer.promise : undefined);
    // The container was started again, and the list shows no difference.
    scene.engine.set(facts({ id, startedAtNs: 5000n }));
    scene.engine.cut();
    await settle();
    scene.clock.advance(1000);
    await settle();
    scene.watcher.followServices(services);
    scene.engine.before = () => {};
    answer.resolve();
    await settle();
    expect(scene.ids()).toEqual([id, taskId]);
    expect(scene.watcher.snapshot().containers.get(id)?.startedAtNs).toBe(5000n);
  });
});
