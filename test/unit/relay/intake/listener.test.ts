import { expect, test } from 'vitest';
import { Listener } from '../../../../src/relay/intake/listener.ts';
import type { ListenerStatus } from '../../../../src/relay/boundary/report.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { FakeDriver } from '../../../support/sockets/fake-channel.ts';

function createListener(port = 80) {
  const clock = new ManualClock();
  const driver = new FakeDriver(clock);
  const statuses: ListenerStatus[] = [];
  const events = {
    onStatus: (status: ListenerStatus) => void statuses.push(status),
    onChannel() {},
    onResourceWarning() {},
  };
  const listener = new Listener(driver, () => 0.999_999, events, { host: '127.0.0.1', port, reusePort: false });
  return { clock, driver, statuses, listener };
}

test('a failed bind is retried after 1 s, then at most 5 s apart, and reported once', () => {
  const { clock, driver, statuses } = createListener();
  const distances: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++) {
    driver.binds.at(-1)?.events.onFailed('EADDRINUSE', 'taken');
    const delayMs = Math.round(clock.nextDelayMs() ?? 0);
    distances.push(delayMs);
    clock.advance(delayMs);
  }
  expect(distances).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(statuses).toEqual([{ kind: 'failed', code: 'EADDRINUSE', message: 'taken' }]);
  driver.binds.at(-1)?.events.onListening('127.0.0.1', 80);
  expect(statuses).toHaveLength(2);
});

test('a listener that failed to bind is closed: a driver keeps none, however often the bind is retried', () => {
  const { clock, driver } = createListener();
  for (let attempt = 0; attempt < 3; attempt++) {
    driver.binds.at(-1)?.events.onFailed('EADDRINUSE', 'taken');
    clock.advance(5_000);
  }
  expect(driver.binds.map(({ closed }) => closed)).toEqual([true, true, true, false]);
});

test('a bind that fails for another reason is reported again', () => {
  const { clock, driver, statuses } = createListener();
  driver.binds.at(-1)?.events.onFailed('EADDRINUSE', 'taken');
  clock.advance(1_000);
  driver.binds.at(-1)?.events.onFailed('EACCES', 'not permitted');
  expect(statuses.map((status) => status.kind === 'failed' && status.code)).toEqual(['EADDRINUSE', 'EACCES']);
});

test('a closed listener neither retries nor reports', () => {
  const { clock, driver, statuses, listener } = createListener();
  driver.binds.at(-1)?.events.onFailed('EADDRINUSE', 'taken');
  listener.close();
  clock.advance(60_000);
  expect(driver.binds).toHaveLength(1);
  expect(clock.nextDelayMs()).toBeUndefined();
  expect(statuses).toHaveLength(1);
});

test('a listener with port 0 also matches the port that it was assigned', () => {
  const { driver, listener } = createListener(0);
  driver.binds.at(-1)?.events.onListening('127.0.0.1', 40_000);
  expect(listener.hasAddress({ host: '127.0.0.1', port: 0 })).toBe(true);
  expect(listener.hasAddress({ host: '127.0.0.1', port: 40_000 })).toBe(true);
  expect(listener.hasAddress({ host: '127.0.0.1', port: 40_001 })).toBe(false);
  expect(listener.hasAddress({ host: '0.0.0.0', port: 0 })).toBe(false);
});
