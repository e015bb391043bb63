import { describe, expect, it } from 'vitest';
import { createReadQueue } from '../../../src/dashboard/data/read-queue.ts';

/** Reads that end when the test says so. */
function reading() {
  const calls: string[] = [];
  const failures: unknown[] = [];
  let pending = Promise.withResolvers<void>();
  const read = (call: string): Promise<void> => {
    calls.push(call);
    pending = Promise.withResolvers<void>();
    return pending.promise;
  };
  const readQueue = createReadQueue(
    {
      readAll: () => read('all'),
      readSome: (names, alsoProblems) => read(`${names.join()}${alsoProblems ? ' and problems' : ''}`),
      onFailure: (error) => failures.push(error),
    },
    () => Promise.resolve(),
  );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const end = async (): Promise<void> => {
    pending.resolve();
    await turn();
  };
  const fail = async (): Promise<void> => {
    pending.reject(new Error('gone'));
    await turn();
  };
  return { readQueue, calls, failures, end, fail };
}

describe('reading what changed', () => {
  it('reads one thing at a time, and whatever was named meanwhile by exactly one more read', async () => {
    const { readQueue, calls, end } = reading();
    readQueue.some(['api'], false);
    readQueue.some(['web', 'api'], false);
    readQueue.some(['db', 'web'], true);
    expect(calls).toEqual(['api']);
    await end();
    expect(calls).toEqual(['api', 'web,api,db and problems']);
    await end();
    expect(calls).toHaveLength(2);
  });

  it('reads problems alone when only these changed', () => {
    const { readQueue, calls } = reading();
    readQueue.some([], true);
    expect(calls).toEqual([' and problems']);
  });

  it('reads the whole list when many are named', () => {
    const { readQueue, calls } = reading();
    readQueue.some(
      Array.from({ length: 100 }, (_, index) => `service-${index}`),
      true,
    );
    expect(calls).toEqual(['all']);
  });

  it('says that a read failed, and reads again when asked again', async () => {
    const { readQueue, calls, failures, fail } = reading();
    readQueue.some(['api'], false);
    await fail();
    expect(failures).toHaveLength(1);
    readQueue.all();
    expect(calls).toEqual(['api', 'all']);
  });
});
