import { describe, expect, test } from 'vitest';
import { House, minutes } from '../../support/activation/house.ts';

/**
 * What containers need of one another, where that is a circle, shared, stopped by hand, or only to be open.
 */
const sleep = { afterMs: minutes(15), mode: 'stop' } as const;
const asleep = { sleep, state: 'stopped' } as const;

describe('containers that need one another in a circle', () => {
  const circle = { web: { ...asleep, needs: ['api'] }, api: { ...asleep, needs: ['web', 'api'] } } as const;

  test('are woken all the same: the circle is cut at the one that a client wants', async () => {
    using house = new House(circle);
    house.wait('web');
    await house.pass(2_000);
    expect(house.calls).toEqual(['start api', 'start web']);
    expect(house.events.map(({ event }) => event)).toEqual(['container-woken']);
  });

  test('sleep once none of them is in use', async () => {
    using house = new House(circle);
    house.wait('web');
    await house.pass(2_000);
    house.use('api', 1);
    await house.pass(minutes(60));
    expect(house.calls, 'a session on one keeps both awake').toHaveLength(2);
    house.use('api', 0);
    await house.pass(minutes(17));
    expect(house.states()).toEqual({ web: 'stopped', api: 'stopped' });
  });
});

describe('what is needed', () => {
  test('by two that are woken at once is started once', async () => {
    using house = new House({
      web: { ...asleep, needs: ['db'] },
      api: { ...asleep, needs: ['db'] },
      db: { state: 'stopped', services: [] },
    });
    house.wait('web');
    house.wait('api');
    await house.pass(2_000);
    expect(house.calls).toEqual(['start db', 'start web', 'start api']);
  });

  test('and only has to be open is not waited for until it is healthy', async () => {
    const services: readonly string[] = [];
    using house = new House({
      web: { ...asleep, needs: ['api'], needsOpen: ['db'] },
      api: { services, isReady: false },
      db: { services, isReady: false },
    });
    house.wait('web');
    await house.pass(1_000);
    expect(house.calls, 'api is not healthy').toEqual([]);
    house.change('api', { isReady: true });
    await house.pass(1_000);
    expect(house.calls).toEqual(['start web']);
  });

  test('and was paused by hand is named at once as the reason, and is left alone', async () => {
    using house = new House({ web: { ...asleep, needs: ['db'] }, db: { state: 'paused', services: [] } });
    house.wait('web');
    await house.pass(100);
    expect(house.calls).toEqual([]);
    expect(house.activation.restOf('web')).toEqual({ kind: 'failed', failure: 'it needs db: it is paused' });
  });

  test('is not put to sleep by an operator under one that is awake', async () => {
    using house = new House({ web: { needs: ['db'], services: ['web'] }, db: { sleep } });
    expect(house.activation.sleep('db')).toEqual({ kind: 'needed', by: ['web'] });
    house.change('web', { state: 'stopped', isReady: false });
    expect(house.activation.sleep('db')).toEqual({ kind: 'done', containers: ['db'] });
  });
});

describe('a container that is interfered with', () => {
  test('and started again while it is put to sleep does not stay shut', async () => {
    using house = new House({ web: { sleep } });
    house.onStop = 'restarts';
    await house.pass(minutes(15) + 2_000);
    expect(house.calls).toEqual(['stop web']);
    expect(house.activation.restOf('web'), 'another run of it accepts clients').toBeUndefined();
  });

  test('and does not end although the engine says so stays awake, which is told', async () => {
    using house = new House({ web: { sleep } });
    house.onStop = 'stays';
    await house.pass(minutes(15) + 30_000);
    expect(house.activation.restOf('web')).toBeUndefined();
    expect(house.events.map(({ event }) => event)).toEqual(['sleep-failed']);
  });

  test('and stopped while it is woken is told as that', async () => {
    using house = new House({ web: asleep });
    house.readyMs = 5_000;
    house.wait('web');
    await house.pass(1_000);
    house.change('web', { state: 'stopped', isReady: false, wasStopped: true, exitCode: 143 });
    expect(house.activation.restOf('web')).toEqual({ kind: 'failed', failure: 'it was stopped while it started' });
  });

  test('and removed while it is woken ends the wake without a failure', async () => {
    const db = { state: 'stopped', services: [] } as const;
    using house = new House({ web: { ...asleep, needs: ['db'] }, db, other: asleep });
    house.wait('web');
    await house.pass(100);
    house.remove('web');
    await house.pass(5_000);
    expect(house.calls, 'compose may be making another one').toEqual(['start db']);
    expect(house.events).toEqual([]);
    await house.pass(30_000);
    expect(house.states(), 'what was started for it sleeps again').toEqual({ db: 'stopped', other: 'stopped' });
  });
});
