import { describe, expect, test } from 'vitest';
import { createWatcher } from '../../../src/discovery/watcher.ts';
import { createDockerodeEngine } from '../../../src/docker/dockerode/dockerode-engine.ts';
import { EngineError } from '../../../src/docker/engine.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { startFakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { facts, settle } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { onHost, pass, watch, type WatchScene } from '../../support/fake-engine/watch.ts';

const id = 'a'.repeat(64);

/** Resolves 12 s from now, or rejects when the call is given up. */
function after12s(clock: ManualClock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    clock.after(12_000, resolve);
    signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true });
  });
}

function waits({ warnings }: WatchScene): unknown[] {
  return warnings.filter((fields) => (fields as { event: string }).event === 'engine-slow');
}

describe('an engine whose answers take 12 s', () => {
  test('is waited for, with lines at growing intervals, and its containers are found', async () => {
    const clock = new ManualClock();
    await using scene = await watch(
      (engine) => {
        engine.set(facts({ id }));
        engine.before = (_, signal) => after12s(clock, signal);
      },
      {},
      clock,
    );
    await pass(scene, 48_000);
    expect(scene.ids()).toEqual([id]);
    expect(scene.watcher.snapshot()).toMatchObject({
      synced: true,
      status: { kind: 'connected', slow: expect.stringMatching(/^answers slowly: .* took 12s$/) as string },
    });
    expect(waits(scene)).toEqual([
      { event: 'engine-slow', call: 'GET /_ping', waitedMs: 1000 },
      { event: 'engine-slow', call: 'GET /_ping', waitedMs: 4000 },
      { event: 'engine-slow', call: 'GET /events', waitedMs: 4000 },
    ]);
  });

  test('is said to be slow until it answers promptly', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    expect(scene.watcher.snapshot().status).toEqual({ kind: 'connected', apiVersion: '1.41' });
    scene.engine.before = (_, signal) => after12s(scene.clock, signal);
    scene.engine.emit({ action: 'update', id });
    await settle();
    await pass(scene, 1000);
    expect(scene.watcher.snapshot().status).toMatchObject({
      slow: 'answers slowly: GET /containers/{id}/json has had no answer for 1s yet',
    });
    await pass(scene, 11_000);
    expect(scene.watcher.snapshot().status).toMatchObject({
      slow: 'answers slowly: GET /containers/{id}/json took 12s',
    });
    scene.engine.before = () => {};
    scene.engine.emit({ action: 'update', id, timeNs: 2n });
    await settle();
    expect(scene.watcher.snapshot().status).toEqual({ kind: 'connected', apiVersion: '1.41' });
  });

  test('that hangs is still found out', async () => {
    await using scene = await watch((engine) => engine.set(facts({ id })));
    const late = Promise.withResolvers<void>();
    scene.engine.before = () => late.promise;
    await pass(scene, 20_000);
    late.reject(new EngineError('timeout', 'no answer within 36 s'));
    await settle();
    expect(scene.watcher.snapshot()).toMatchObject({
      status: { kind: 'disconnected', reason: 'no answer within 36 s' },
    });
    expect(scene.ids()).toEqual([id]);
  });

  test('that hangs says why it is out of reach, not how long the next call has waited', async () => {
    const clock = new ManualClock();
    let calls = 0;
    await using scene = await watch(
      (engine) => {
        engine.before = async (_, signal) => {
          calls += 1;
          if (calls > 1) return after12s(clock, signal);
          await after12s(clock, signal);
          throw new EngineError('timeout', 'is the engine hung?');
        };
      },
      {},
      clock,
    );
    await pass(scene, 12_000);
    const status = { kind: 'connecting', reason: 'is the engine hung?' };
    expect(scene.watcher.snapshot().status).toEqual(status);
    await pass(scene, 8_000);
    expect(calls).toBe(2);
    expect(waits(scene).length).toBeGreaterThan(2);
    expect(scene.watcher.snapshot().status).toEqual(status);
    await pass(scene, 60_000);
    expect(scene.watcher.snapshot().status).toMatchObject({ kind: 'connected' });
  });

  test('is waited for over a socket although the deadlines begin shorter', async () => {
    await using fake = await startFakeEngine();
    const container = fake.run();
    // All times are a hundredth of those of a real engine that takes 12 s.
    fake.delayMs = 120;
    const engine = createDockerodeEngine(fake.url, { pingDeadlineMs: 50, deadlineMs: 100 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const silent = (): void => {};
    const watcher = createWatcher(
      {
        engine,
        clock: systemClock,
        random: Math.random,
        logger: { debug: silent, info: silent, warn: silent, error: silent },
        onChange: () => watcher.snapshot().synced && resolve(),
        identity: () => Promise.resolve(onHost),
      },
      { labelPrefix: 'sealane' },
    );
    watcher.start();
    try {
      await promise;
      expect([...watcher.snapshot().containers.keys()]).toEqual([container]);
      expect(watcher.snapshot().status.kind).toBe('connected');
    } finally {
      await watcher.stop();
    }
  });
});
