import { describe, expect, it } from 'vitest';
import { DialFailures } from '../../../src/telemetry/dial-failures.ts';
import { DiscoveryLag } from '../../../src/telemetry/discovery-lag.ts';

describe('discovery lag', () => {
  const setUp = () => {
    const lags: number[] = [];
    return { lags, lag: new DiscoveryLag((ms) => lags.push(ms)) };
  };

  it('counts from the first event that led to a published change', () => {
    const { lag, lags } = setUp();
    lag.heard('a', 100);
    lag.heard('a', 150);
    lag.heard('b', 120);
    lag.changed('a');
    lag.changed('b');
    lag.published(160);
    lag.published(170);
    expect(lags).toEqual([60]);
  });

  it('leaves out events that changed nothing, and changes that no event led to', () => {
    const { lag, lags } = setUp();
    lag.heard('a', 100);
    lag.published(110);
    lag.changed('b');
    lag.published(120);
    lag.changed('a');
    lag.unchanged();
    lag.published(130);
    expect(lags).toEqual([]);
  });

  it('does not date a change by an earlier event that led to nothing', () => {
    const { lag, lags } = setUp();
    lag.heard('a', 100);
    lag.settled('a');
    lag.heard('a', 3_600_000);
    lag.changed('a');
    lag.published(3_600_005);
    expect(lags).toEqual([5]);
  });

  it('is never negative, though the engine’s clock may be ahead', () => {
    const { lag, lags } = setUp();
    lag.heard('a', 500);
    lag.changed('a');
    lag.published(400);
    expect(lags).toEqual([0]);
  });
});

it('recent dial failures are counted when repeated, sorted newest first, and bounded', () => {
  const failures = new DialFailures();
  failures.add('a', 'ECONNREFUSED', 1);
  failures.add('b', 'ETIMEDOUT', 2);
  failures.add('a', 'ECONNREFUSED', 3);
  expect(failures.recent()).toEqual([
    { upstreamKey: 'a', error: 'ECONNREFUSED', atMs: 3, count: 2 },
    { upstreamKey: 'b', error: 'ETIMEDOUT', atMs: 2, count: 1 },
  ]);
  for (let index = 0; index < 1_000; index += 1) failures.add(String(index), 'x', index);
  expect(failures.recent().length).toBeLessThanOrEqual(256);
});
