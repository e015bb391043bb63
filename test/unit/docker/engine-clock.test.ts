import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEngineActivity } from '../../../src/daemon/engine-activity.ts';
import { createWatcher } from '../../../src/discovery/watcher.ts';
import { createDockerodeEngine } from '../../../src/docker/dockerode/dockerode-engine.ts';
import { EngineClock } from '../../../src/docker/engine-clock.ts';
import { DiscoveryLag } from '../../../src/telemetry/discovery-lag.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { startFakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { eventLine } from '../../support/fake-engine/port.ts';
import { onHost } from '../../support/fake-engine/watch.ts';

const hourMs = 3_600_000;

describe("an engine's clock", () => {
  it('is taken for that of this machine while nothing tells otherwise', () => {
    expect(new EngineClock().toLocalMs(5_000, 5_010)).toBe(5_000);
    const clock = new EngineClock();
    clock.answered(7_000, 7_300, 7_310);
    expect(clock.toLocalMs(7_400.25, 7_401)).toBe(7_400.25);
  });

  it('is known to a second from one answer, and better from each event, however far it is off', () => {
    const skew = fc.integer({ min: -3 * hourMs, max: 3 * hourMs }).filter((ms) => Math.abs(ms) > 1_000);
    fc.assert(
      fc.property(skew, fc.nat(5_000), fc.nat(100), fc.nat(400), (skewMs, atMs, takesMs, oldMs) => {
        const [askedMs, receivedMs] = [1e12 + atMs, 1e12 + atMs + takesMs];
        const clock = new EngineClock();
        clock.answered(Math.floor((askedMs + skewMs) / 1_000) * 1_000, askedMs, receivedMs);
        const happenedMs = receivedMs + 10_000;
        const localMs = clock.toLocalMs(happenedMs + skewMs, happenedMs + oldMs);
        expect(Math.abs(localMs - happenedMs)).toBeLessThanOrEqual(Math.min(oldMs, 1_000 + takesMs) + 1);
      }),
    );
  });

  it('is learned anew when one of the two clocks was set', () => {
    const clock = new EngineClock();
    clock.answered(1_000_000, 1_000_100, 1_000_110);
    clock.answered(1_000_000 + 2 * hourMs, 1_000_400, 1_000_410);
    expect(clock.toLocalMs(1_001_000 + 2 * hourMs, 1_001_001)).toBeCloseTo(1_001_000, -1);
  });
});

describe('the discovery lag', () => {
  it.each([-2 * hourMs, 0, 2 * hourMs])(
    'of an engine whose clock is %d ms ahead is that of its event',
    async (skewMs) => {
      await using fake = await startFakeEngine();
      fake.skewMs = skewMs;
      const id = fake.run();
      const engine = createDockerodeEngine(fake.url);
      const lags: number[] = [];
      const lag = new DiscoveryLag((ms) => lags.push(ms));
      const silent = (): void => {};
      const synced = Promise.withResolvers<void>();
      const paused = Promise.withResolvers<void>();
      const watcher = createWatcher(
        {
          engine,
          clock: systemClock,
          random: Math.random,
          logger: { debug: silent, info: silent, warn: silent, error: silent },
          identity: () => Promise.resolve(onHost),
          observer: createEngineActivity({
            feed: { publish: silent },
            metrics: { onEngineEvent: silent },
            lag,
            clock: systemClock,
            watched: { name: undefined, tag: {}, engine },
          }),
          onChange: () => {
            const { synced: isSynced, containers } = watcher.snapshot();
            if (isSynced && fake.openStreams > 0) synced.resolve();
            if (containers.get(id)?.state === 'paused') paused.resolve();
          },
        },
        { labelPrefix: 'sealane' },
      );
      watcher.start();
      try {
        await synced.promise;
        fake.alter(id, { state: 'paused' });
        // The event took five seconds to come.
        const happenedMs = Date.now() - 5_000 + skewMs;
        fake.write(Buffer.from(eventLine({ action: 'pause', id, timeNs: BigInt(happenedMs) * 1_000_000n })));
        await paused.promise;
        lag.published(Date.now());
      } finally {
        await watcher.stop();
      }
      expect(lags).toHaveLength(1);
      expect(lags[0]).toBeGreaterThan(3_500);
      expect(lags[0]).toBeLessThan(30_000);
    },
  );
});
