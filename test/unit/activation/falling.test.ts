import { expect, test } from 'vitest';
import { House, minutes } from '../../support/activation/house.ts';

/**
 * Containers that are wanted again in the moment in which they are put to sleep.
 */
const sleep = { afterMs: minutes(15), mode: 'stop' } as const;

/** All fall asleep within the minute after the longest `afterMs`. */
async function untilFalling(house: House, id: string): Promise<void> {
  await house.pass(sleep.afterMs - 1);
  for (let ms = 0; ms < minutes(2) && house.activation.restOf(id)?.kind !== 'falling-asleep'; ms += 10)
    await house.pass(10);
  expect(house.activation.restOf(id)).toMatchObject({ kind: 'falling-asleep' });
}

function webAndDb(): House {
  return new House({ web: { sleep, needs: ['db'] }, db: { sleep: { ...sleep, afterMs: minutes(1) }, services: [] } });
}

test('what a client needs is not stopped where the client comes before the stop', async () => {
  using house = webAndDb();
  await untilFalling(house, 'db');
  house.wait('web');
  await house.pass(2_000);
  expect(house.calls).toEqual(['stop web', 'start web']);
  expect(house.states()).toEqual({ web: 'running', db: 'running' });
});

test('what a client needs and is just being stopped is started again before the container of the client', async () => {
  using house = webAndDb();
  house.stopMs = 5_000;
  await untilFalling(house, 'db');
  await house.pass(200);
  expect(house.calls).toEqual(['stop web', 'stop db']);
  house.wait('web');
  await house.pass(10_000);
  expect(house.calls).toEqual(['stop web', 'stop db', 'start db', 'start web']);
  expect(house.states()).toEqual({ web: 'running', db: 'running' });
});

test('an operator who wakes a container that is being put to sleep has it awake', async () => {
  using house = new House({ web: { sleep } });
  await untilFalling(house, 'web');
  expect(house.activation.wake('web')).toEqual({ kind: 'done', containers: ['web'] });
  await house.pass(5_000);
  expect(house.calls).toEqual([]);
  house.stopMs = 5_000;
  house.activation.sleep('web');
  await house.pass(200);
  house.activation.wake('web');
  await house.pass(10_000);
  expect(house.calls).toEqual(['stop web', 'start web']);
});
