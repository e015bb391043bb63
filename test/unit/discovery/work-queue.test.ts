import { describe, expect, test } from 'vitest';
import { createWorkQueue, type WorkQueue } from '../../../src/discovery/work-queue.ts';
import { settle } from '../../support/fake-engine/port.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Scene {
  readonly queue: WorkQueue;
  readonly clock: ManualClock;
  /** Keys in the order in which work on them began. */
  readonly begun: string[];
  readonly finish: (key: string) => Promise<void>;
  readonly fail: (key: string) => Promise<void>;
}

function scene(concurrency = 2): Scene {
  const clock = new ManualClock();
  const begun: string[] = [];
  const running = new Map<string, PromiseWithResolvers<void>>();
  const queue = createWorkQueue(
    { clock, random: () => 1 },
    {
      concurrency,
      retry: { firstMs: 100, maxMs: 1000 },
      work: (key) => {
        begun.push(key);
        const task = Promise.withResolvers<void>();
        running.set(key, task);
        return task.promise;
      },
    },
  );
  return {
    queue,
    clock,
    begun,
    finish(key) {
      running.get(key)?.resolve();
      return settle();
    },
    fail(key) {
      running.get(key)?.reject(new Error('failed'));
      return settle();
    },
  };
}

describe('the work queue', () => {
  test('does a key once however often it is added before its turn', async () => {
    const { queue, begun, finish } = scene(1);
    queue.add('a');
    queue.add('b');
    queue.add('b');
    await finish('a');
    await finish('b');
    expect(begun).toEqual(['a', 'b']);
  });

  test('does a key once more, and not at the same time, when it is added while it is being done', async () => {
    const { queue, begun, finish } = scene();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(begun).toEqual(['a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
    await finish('a');
    expect(begun).toEqual(['a', 'a']);
  });

  test('does no more at once than it may', async () => {
    const { queue, begun, finish } = scene(2);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    expect(begun).toEqual(['a', 'b']);
    await finish('b');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('a key that waits for its own end does not hold up the others', async () => {
    const { queue, begun } = scene(2);
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(begun).toEqual(['a', 'b']);
  });

  test('tries a failed key again, less and less often, until it succeeds', async () => {
    const { queue, clock, begun, fail, finish } = scene();
    queue.add('a');
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await fail('a');
      waits.push(clock.nextDelayMs());
      clock.advance(clock.nextDelayMs() ?? 0);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1000]);
    await finish('a');
    queue.add('a');
    await fail('a');
    expect(clock.nextDelayMs()).toBe(100);
    expect(begun).toHaveLength(7);
  });

  test('does not make a fresh addition wait for an old failure', async () => {
    const { queue, clock, begun, fail } = scene();
    queue.add('a');
    await fail('a');
    queue.add('a');
    expect(begun).toEqual(['a', 'a']);
    expect(clock.nextDelayMs()).toBeUndefined();
  });

  test('holds everything back while paused, also what failed meanwhile', async () => {
    const { queue, clock, begun, fail } = scene();
    queue.add('a');
    queue.pause();
    queue.add('b');
    await fail('a');
    clock.advance(10_000);
    expect(begun).toEqual(['a']);
    queue.resume();
    expect(begun.toSorted()).toEqual(['a', 'a', 'b']);
  });

  test('does a key after a delay', () => {
    const { queue, clock, begun } = scene();
    queue.addAfter('a', 1000);
    clock.advance(999);
    expect(begun).toEqual([]);
    clock.advance(1);
    expect(begun).toEqual(['a']);
  });

  test('does a key that waits for its turn again after a delay', async () => {
    const { queue, clock, begun, finish } = scene(1);
    queue.add('a');
    queue.add('b');
    queue.addAfter('b', 1000);
    await finish('a');
    await finish('b');
    clock.advance(1000);
    expect(begun).toEqual(['a', 'b', 'b']);
  });

  test('stops once what runs has ended, and does nothing after', async () => {
    const { queue, clock, begun, finish } = scene(1);
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    await finish('a');
    await stopping;
    queue.add('d');
    clock.advance(100);
    expect(begun).toEqual(['a']);
    expect(clock.nextDelayMs()).toBeUndefined();
  });
});
