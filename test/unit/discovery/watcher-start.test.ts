import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/docker/engine.ts';
import { facts, settle } from '../../support/fake-engine/port.ts';
import { pass, watch } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);
const otherId = 'b'.repeat(64);

describe('the watcher at its start', () => {
  test('subscribes before it lists, and is synced once all listed containers are inspected', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId, labels: {} }));
    });
    expect(scene.engine.calls).toEqual(['ping', 'events', 'list', `inspect ${id}`]);
    expect(scene.watcher.snapshot()).toMatchObject({
      synced: true,
      status: { kind: 'connected', apiVersion: '1.41' },
      vantage: { reach: { kind: 'host' } },
    });
    expect(scene.ids()).toEqual([id]);
  });

  test('is not synced before the last inspect is answered', async () => {
    const gate = Promise.withResolvers<void>();
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId }));
      engine.before = (call) => (call === `inspect ${otherId}` ? gate.promise : undefined);
    });
    expect(scene.ids()).toEqual([id]);
    expect(scene.watcher.snapshot().synced).toBe(false);
    gate.resolve();
    await settle();
    expect(scene.watcher.snapshot().synced).toBe(true);
  });

  test('is not delayed by a container that cannot be read, and logs which', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId }));
      engine.before = (call) => {
        if (call === `inspect ${otherId}`) throw new EngineError('nonsense', 'State: Invalid input');
      };
    });
    expect(scene.watcher.snapshot().synced).toBe(true);
    expect(scene.ids()).toEqual([id]);
    await pass(scene, 60_000);
    expect(scene.warnings).toEqual([
      { event: 'container-unreadable', containerId: otherId, reason: 'State: Invalid input' },
    ]);
  });

  test('waits for ever for an engine that is away, and logs each reason once', async () => {
    let reason = 'no engine there';
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.before = () => {
        throw new EngineError('unreachable', reason);
      };
    });
    for (let second = 0; second < 60; second += 1) await pass(scene, 1000);
    expect(scene.watcher.snapshot()).toMatchObject({
      synced: false,
      status: { kind: 'connecting', reason: 'no engine there' },
    });
    reason = 'no permission';
    for (let second = 0; second < 60; second += 1) await pass(scene, 1000);
    expect(scene.warnings).toEqual([
      { event: 'engine-unreachable', reason: 'no engine there' },
      { event: 'engine-unreachable', reason: 'no permission' },
    ]);
    scene.engine.before = () => {};
    await pass(scene, 2000);
    expect(scene.ids()).toEqual([id]);
    expect(scene.watcher.snapshot().synced).toBe(true);
  });

  test('has the reason in its status when events come but the list is refused', async () => {
    const refused = new EngineError('refused', 'GET /containers/json with HTTP 403');
    await using scene = await watch((engine) => {
      engine.before = (call) => {
        if (call === 'list') throw refused;
      };
    });
    await pass(scene, 20_000);
    expect(scene.watcher.snapshot()).toMatchObject({
      synced: false,
      status: { kind: 'connecting', reason: refused.message },
    });
    expect(scene.warnings).toHaveLength(1);
  });

  test('inspects no more than eight at once', async () => {
    let now = 0;
    let most = 0;
    await using scene = await watch((engine) => {
      for (let number = 0; number < 40; number += 1) engine.set(facts({ id: number.toString(16).padStart(64, '0') }));
      engine.before = async (call) => {
        if (!call.startsWith('inspect')) return;
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
      };
    });
    while (!scene.watcher.snapshot().synced) await settle();
    expect(scene.ids()).toHaveLength(40);
    expect(most).toBe(8);
  });
});
