import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/docker/engine.ts';
import { facts, settle } from '../../support/fake-engine/port.ts';
import { onHost, pass, watch } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);
const otherId = 'b'.repeat(64);
const selfId = '5'.repeat(64);
const away = new EngineError('unreachable', 'no engine there');

describe('the watcher when the engine goes away', () => {
  test('keeps the snapshot, logs the reason, and inspects all containers when the engine is back', async () => {
    await using scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.set(facts({ id: otherId }));
    });
    scene.engine.before = () => {
      throw away;
    };
    scene.engine.cut();
    await settle();
    await pass(scene, 1000);
    expect(scene.ids()).toEqual([id, otherId]);
    expect(scene.watcher.snapshot()).toMatchObject({
      synced: true,
      status: { kind: 'disconnected', reason: 'no engine there' },
    });
    // The fingerprint is the same although the container restarted, so that only an inspect shows it.
    scene.engine.set(facts({ id, startedAtNs: 5000n }));
    scene.engine.containers.delete(otherId);
    scene.engine.before = () => {};
    await pass(scene, 2000);
    expect(scene.ids()).toEqual([id]);
    expect(scene.watcher.snapshot().containers.get(id)?.startedAtNs).toBe(5000n);
    expect(scene.watcher.snapshot().status.kind).toBe('connected');
  });

  test('keeps the snapshot while the list fails, and removes containers only after a successful list', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    scene.engine.before = (call) => {
      if (call === 'list') throw new EngineError('timeout', 'slow');
    };
    scene.engine.containers.clear();
    scene.engine.cut();
    await settle();
    await pass(scene, 10_000);
    expect(scene.ids()).toEqual([id]);
    expect(scene.watcher.snapshot().status).toEqual({ kind: 'disconnected', reason: 'slow' });
    scene.engine.before = () => {};
    await pass(scene, 10_000);
    expect(scene.ids()).toEqual([]);
  });

  test('sends no calls to an engine that is away', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    const inspects = scene.inspects().length;
    scene.engine.before = () => {
      throw away;
    };
    scene.engine.emit({ action: 'update', id, timeNs: 2000n });
    scene.engine.cut();
    for (let second = 0; second < 30; second += 1) await pass(scene, 1000);
    expect(scene.inspects().length - inspects).toBeLessThanOrEqual(1);
  });

  test('applies events that arrive while the list is read', async () => {
    const gate = Promise.withResolvers<void>();
    await using scene = await watch((engine) => engine.set(facts({ id })));
    scene.engine.cut();
    await settle();
    scene.engine.before = (call) => (call === 'list' ? gate.promise : undefined);
    await pass(scene, 100);
    scene.engine.set(facts({ id, state: 'exited' }));
    scene.engine.emit({ action: 'die', id, timeNs: 2000n });
    scene.engine.set(facts({ id: otherId, startedAtNs: 3000n }));
    scene.engine.emit({ action: 'start', id: otherId, timeNs: 3001n });
    await settle();
    gate.resolve();
    await settle();
    expect(scene.ids()).toEqual([otherId]);
  });
});

describe('the watcher in a container', () => {
  const me = facts({ id: selfId, name: 'sealane', labels: {} });
  const identity = { identity: () => Promise.resolve({ ...onHost, selfId }) };

  test('knows its networks, and learns when they change', async () => {
    await using scene = await watch((engine) => engine.set(me), identity);
    expect(scene.watcher.snapshot().vantage).toEqual({
      selfId,
      reach: { kind: 'networks', networkIds: new Set(['n1']) },
      ownNetwork: {
        address: '172.17.0.2',
        published: [],
        attachments: [{ name: 'bridge', networkId: 'n1', ipv4: '172.17.0.2' }],
      },
    });
    const before = scene.changes();
    scene.engine.set({ ...me, networking: { kind: 'networks', attachments: [{ name: 'b', networkId: 'n2' }] } });
    scene.engine.emit({ action: 'connect', id: selfId, type: 'network', timeNs: 2000n });
    await settle();
    expect(scene.watcher.snapshot().vantage?.reach).toEqual({ kind: 'networks', networkIds: new Set(['n2']) });
    expect(scene.changes()).toBe(before + 1);
  });

  test('is not in its own snapshot, unless it has labels', async () => {
    await using plain = await watch((engine) => engine.set(me), identity);
    expect(plain.ids()).toEqual([]);
    await using labelled = await watch((engine) => engine.set({ ...me, labels: { 'sealane.port': '1' } }), identity);
    expect(labelled.ids()).toEqual([selfId]);
  });

  test('logs that the setting names a container that the engine does not know', async () => {
    await using scene = await watch(() => {}, identity);
    expect(scene.warnings).toEqual([{ event: 'vantage-unclear', reason: expect.stringContaining(selfId) }]);
    expect(scene.watcher.snapshot().vantage).toEqual({ reach: { kind: 'host' } });
  });
});

describe('a stopped watcher', () => {
  test.each([
    ['while all is quiet', undefined],
    ['while the engine hangs on a list', 'list'],
    ['while the engine hangs on an inspect', `inspect ${id}`],
    ['while the engine hangs on a ping', 'ping'],
  ])('%s leaves nothing behind and reports nothing more', async (_, hanging) => {
    const scene = await watch((engine) => {
      engine.set(facts({ id }));
      engine.before = (call, signal) => {
        if (call !== hanging) return undefined;
        return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
      };
    });
    const changes = scene.changes();
    await scene.watcher.stop();
    expect(scene.clock.nextDelayMs()).toBeUndefined();
    expect(scene.engine.openStreams).toBe(0);
    expect(scene.changes()).toBe(changes);
    expect(scene.warnings).toEqual([]);
  });
});
