import { describe, expect, inject, test } from 'vitest';
import { churn } from '../support/sockets/churn.ts';
import { planeRig, until } from '../support/sockets/rig.ts';
import { openFiles } from '../support/sockets/splice.ts';

const workerUrl = new URL(inject('relayWorker'));

describe.each(['stream', 'splice'] as const)('%s driver', (driver) => {
  test.each([1, 2, 3])(
    'sessions that do anything in any order lose no byte and leave nothing behind (seed %i)',
    async (seed) => {
      await using rig = planeRig(driver, { workerUrl });
      const result = await churn(rig, { sessions: 400, concurrency: 40, seed });

      expect(result.problems).toEqual([]);
      expect(result.sessions).toBe(400);
      expect(result.finished).toBeGreaterThan(200);
    },
  );

  test('sessions lose no byte and leave nothing behind while upstreams come and go', async () => {
    const rig = planeRig(driver, { workerUrl });
    const result = await churn(rig, { sessions: 600, concurrency: 40, seed: 4, tableEveryMs: 60 });
    await rig.close();

    expect(result.problems).toEqual([]);
    expect(result.sessions).toBe(600);
  });
});

test('splice: a thousand sessions leave no descriptor open', async () => {
  const before = openFiles();
  const rig = planeRig('splice', { workerUrl });
  await churn(rig, { sessions: 1_000, concurrency: 50, seed: 5 });
  await rig.close();
  await until(() => openFiles() <= before);
  expect(openFiles()).toBeLessThanOrEqual(before);
});
