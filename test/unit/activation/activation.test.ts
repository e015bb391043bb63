import { describe, expect, test } from 'vitest';
import { House, minutes } from '../../support/activation/house.ts';

const sleep = { afterMs: minutes(15), mode: 'stop' } as const;
const asleep = { sleep, state: 'stopped' } as const;

describe('a container that sleeps', () => {
  test('is put to sleep after so long without a session, and woken by the next client', async () => {
    using house = new House({ web: { sleep } });
    await house.pass(minutes(14));
    expect(house.calls).toEqual([]);
    house.use('web', 1);
    await house.pass(minutes(60));
    expect(house.calls, 'a session that is open keeps it awake, whatever it sends').toEqual([]);
    house.use('web', 0);
    await house.pass(minutes(16));
    expect(house.calls).toEqual(['stop web']);
    house.wait('web', 200);
    await house.pass(5_000);
    expect(house.calls, 'many clients make one start').toEqual(['stop web', 'start web']);
    expect(house.events.map(({ event }) => event)).toEqual(['container-asleep', 'container-woken']);
    expect(house.events[1]?.message).toMatch(/^web was woken by 127\.0\.0\.1:50000 for web, ready after 3\d\d ms$/);
    expect(house.activation.figures()).toMatchObject({ wakes: 1, sleeps: 1, wakeFailures: 0 });
  });

  test('gives back its memory, of which the log, its state and the figures tell while it is asleep', async () => {
    using house = new House({ web: { sleep }, db: { sleep }, worker: { sleep: { ...sleep, mode: 'pause' } } });
    const told = (bytes: number): Promise<number> => Promise.resolve(bytes);
    // Of db, the engine never tells.
    house.memory
      .set('web', told(212_000_000))
      .set('worker', told(1_000_000))
      .set('db', new Promise(() => {}));
    await house.pass(minutes(16));
    expect(house.states()).toEqual({ web: 'stopped', db: 'stopped', worker: 'paused' });
    expect(house.events.map(({ message }) => message).toSorted()).toEqual([
      'db was put to sleep after 15m without a session',
      'web was put to sleep after 15m without a session, which gives back 212 MB of memory',
      'worker was put to sleep after 15m without a session',
    ]);
    expect(house.activation.restOf('web')).toEqual({ kind: 'asleep', memoryBytes: 212_000_000 });
    expect(house.activation.figures().memoryBytes).toBe(212_000_000);
    house.wait('web');
    await house.pass(1_000);
    expect(house.activation.figures().memoryBytes).toBe(0);
  });

  test('over 24 hours sleeps when it should, and never with a session open', async () => {
    using house = new House({ web: { sleep } });
    let visits = 0;
    for (let hour = 0; hour < 24; hour += 1) {
      // A client comes every other hour and stays for 40 minutes.
      if (hour % 2 === 0) {
        if (house.states()['web'] === 'stopped') house.wait('web');
        await house.pass(10_000);
        house.use('web', 1);
        visits += 1;
        await house.pass(minutes(40));
        expect(house.states()['web'], `hour ${hour}`).toBe('running');
        house.use('web', 0);
      } else {
        expect(house.states()['web'], `hour ${hour}`).toBe('stopped');
      }
      await house.pass(minutes(20));
    }
    expect(house.calls.filter((call) => call === 'start web')).toHaveLength(visits - 1);
    expect(house.calls.filter((call) => call === 'stop web')).toHaveLength(visits);
  });

  test('is not put to sleep while it takes long to start', async () => {
    using house = new House({ web: { sleep: { ...sleep, afterMs: minutes(1) }, isReady: false } });
    await house.pass(minutes(4));
    expect(house.calls).toEqual([]);
    await house.pass(minutes(3));
    expect(house.calls, 'one that never becomes ready sleeps all the same').toEqual(['stop web']);
  });

  test('stays awake where a client comes while it is put to sleep', async () => {
    using house = new House({ web: { sleep } });
    await house.pass(minutes(15) - 1_000);
    for (let ms = 0; ms < 2_000 && house.activation.restOf('web')?.kind !== 'falling-asleep'; ms += 1)
      await house.pass(1);
    expect(house.activation.restOf('web')).toEqual({ kind: 'falling-asleep' });
    house.wait('web');
    await house.pass(1_000);
    expect(house.calls).toEqual([]);
    expect(house.activation.restOf('web')).toBeUndefined();
  });

  test('sleeps where the only other replica that is awake gets no clients, and no load wakes it', async () => {
    const services: readonly string[] = ['web'];
    const replica = { sleep, services } as const;
    // With weight 0.
    const standby = { services, takesClients: false, hasRoom: false } as const;
    using house = new House({ 'web-1': standby, 'web-2': replica });
    await house.pass(minutes(60));
    expect(house.calls).toEqual(['stop web-2']);
    house.wait('web');
    await house.pass(2_000);
    expect(house.calls).toEqual(['stop web-2', 'start web-2']);
  });

  test('is paused and unpaused where its mode says so', async () => {
    using house = new House({ web: { sleep: { ...sleep, mode: 'pause' } } });
    await house.pass(minutes(16));
    house.wait('web');
    await house.pass(1_000);
    expect(house.calls).toEqual(['pause web', 'unpause web']);
  });

  test('that was stopped by hand is woken after a moment, in which it may be removed or replaced', async () => {
    using house = new House({ web: { sleep }, worker: { sleep } });
    house.change('web', { state: 'stopped', isReady: false, wasStopped: true });
    house.change('worker', { state: 'stopped', isReady: false, exitCode: 1 });
    house.wait('web');
    house.wait('worker');
    await house.pass(1_000);
    expect(house.calls, 'one that ended by itself is started at once').toEqual(['start worker']);
    await house.pass(5_000);
    expect(house.calls).toEqual(['start worker', 'start web']);
  });

  test('is not started where compose has made another one in its place', async () => {
    const compose = { project: 'shop', service: 'web', number: '1' };
    const services = ['web'];
    using house = new House({ web: asleep, new: { ...asleep, compose, services, createdAtMs: 2 } });
    house.wait('web');
    await house.pass(10_000);
    expect(house.calls).toEqual(['start new']);
  });
});

describe('what a container needs', () => {
  const shop = {
    web: { ...asleep, needs: ['api'] },
    api: { state: 'stopped', needs: ['db'], services: [] },
    db: { state: 'stopped', services: [] },
    cache: { services: [] },
  } as const;

  test('is started first, each ready before the next, and put to sleep after it', async () => {
    using house = new House(shop);
    house.wait('web');
    await house.pass(2_000);
    expect(house.calls).toEqual(['start db', 'start api', 'start web']);
    await house.pass(minutes(20));
    expect(house.calls.slice(3)).toEqual(['stop web', 'stop api', 'stop db']);
    expect(house.states()['cache']).toBe('running');
  });

  test('stays awake while another one that needs it is awake', async () => {
    using house = new House({ ...shop, worker: { needs: ['db'], services: [] } });
    house.wait('web');
    await house.pass(minutes(30));
    expect(house.states()).toMatchObject({ web: 'stopped', api: 'stopped', db: 'running' });
  });

  test('that can not be started is named as the reason, and keeps the others from being started', async () => {
    using house = new House(shop);
    house.faults.set('db', 'refused');
    house.wait('web');
    await house.pass(1_000);
    expect(house.calls).toEqual(['start db']);
    expect(house.activation.restOf('web')).toEqual({
      kind: 'failed',
      failure: 'it needs db: driver failed: port is already allocated',
    });
  });
});

describe('a wake that fails', () => {
  test('is told, and is tried again for a later client, less and less often', async () => {
    using house = new House({ web: asleep });
    house.faults.set('web', 'exits');
    house.wait('web');
    await house.pass(1_000);
    expect(house.activation.restOf('web')).toEqual({ kind: 'failed', failure: 'it exited at once, with code 3' });
    await house.pass(minutes(10));
    const starts = house.calls.length;
    expect(starts, 'clients that never stop waiting are no loop of starts').toBeGreaterThan(4);
    expect(starts).toBeLessThan(14);
    house.faults.clear();
    await house.pass(minutes(3));
    expect(house.states()['web']).toBe('running');
  });

  test('counts also where the container ends seconds after it was ready', async () => {
    using house = new House({ web: asleep });
    house.wait('web');
    await house.pass(1_500);
    house.change('web', { state: 'stopped', isReady: false, exitCode: 137 });
    expect(house.activation.restOf('web')).toMatchObject({ kind: 'failed' });
  });

  test('leaves the backoff at the word of an operator', async () => {
    using house = new House({ web: asleep });
    house.faults.set('web', 'refused');
    house.wait('web');
    await house.pass(1_000);
    house.held.clear();
    house.faults.clear();
    expect(house.activation.wake('web')).toEqual({ kind: 'done', containers: ['web'] });
    await house.pass(1_000);
    expect(house.states()['web']).toBe('running');
  });
});

describe('replicas', () => {
  const replica = (number: string) => ({
    ...asleep,
    services: ['web'],
    compose: { project: 'shop', service: 'web', number },
  });

  test('wake one at a time, and another one where those that are awake are crowded', async () => {
    using house = new House({ 'web-1': replica('1'), 'web-2': replica('2'), 'web-10': replica('10') });
    house.wait('web', 5);
    await house.pass(2_000);
    expect(house.calls).toEqual(['start web-1']);
    house.change('web-1', { sessions: 40, hasRoom: false });
    await house.pass(2_000);
    expect(house.calls).toEqual(['start web-1', 'start web-2']);
    await house.pass(minutes(16));
    expect(house.calls, 'one that would be woken at once stays awake').toHaveLength(2);
    house.change('web-1', { sessions: 1, hasRoom: true });
    await house.pass(minutes(16));
    expect(house.calls.slice(2)).toEqual(['stop web-2']);
  });
});

test('a replica that has been unfit for long does not keep the others asleep', async () => {
  const of = (number: string) => ({ sleep, services: ['web'], compose: { project: 'shop', service: 'web', number } });
  using house = new House({ 'web-1': { ...of('1'), isReady: false }, 'web-2': { ...of('2'), state: 'stopped' } });
  house.wait('web');
  await house.pass(20_000);
  expect(house.calls).toEqual([]);
  await house.pass(15_000);
  expect(house.calls).toEqual(['start web-2']);
});

test('an operator puts to sleep what has no session', async () => {
  using house = new House({ web: { sleep }, db: {} });
  house.use('web', 2);
  expect(house.activation.sleep('web')).toEqual({ kind: 'in-use', sessions: 2 });
  expect(house.activation.sleep('db')).toEqual({ kind: 'no-sleepers' });
  house.use('web', 0);
  expect(house.activation.sleep('web')).toEqual({ kind: 'done', containers: ['web'] });
  await house.pass(1_000);
  expect(house.calls).toEqual(['stop web']);
});
