import { describe, expect, test } from 'vitest';
import { RecentAnswer } from '../../../../src/docker/dockerode/recent-answer.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

function scene() {
  const clock = new ManualClock();
  const asked: PromiseWithResolvers<string>[] = [];
  const recent = new RecentAnswer((signal) => {
    const answer = Promise.withResolvers<string>();
    signal?.addEventListener('abort', () => answer.reject(new Error('aborted')), { once: true });
    asked.push(answer);
    return answer.promise;
  }, clock);
  return { clock, asked, recent };
}

describe('a call that several make', () => {
  test('at the same time is one call, whose answer holds for a second', async () => {
    const { clock, asked, recent } = scene();
    const both = [recent.get(undefined), recent.get(undefined)];
    asked[0]?.resolve('one');
    expect(await Promise.all(both)).toEqual(['one', 'one']);
    clock.advance(999);
    expect(await recent.get(undefined)).toBe('one');
    clock.advance(1);
    const next = recent.get(undefined);
    asked[1]?.resolve('two');
    expect(await next).toBe('two');
  });

  test('fails for all of them, so that none waits for the deadlines of several', async () => {
    const { asked, recent } = scene();
    const both = [recent.get(undefined), recent.get(undefined)];
    asked[0]?.reject(new Error('too slow'));
    for (const one of both) await expect(one).rejects.toThrow('too slow');
    expect(asked).toHaveLength(1);
  });

  test('goes on for the others where its maker gives up, and ends at once for one that gives up', async () => {
    const { asked, recent } = scene();
    const [first, second] = [new AbortController(), new AbortController()];
    const [a, b, c] = [recent.get(first.signal), recent.get(second.signal), recent.get(undefined)];
    second.abort(new Error('enough'));
    await expect(b).rejects.toThrow('enough');
    first.abort();
    await expect(a).rejects.toThrow('aborted');
    await Promise.resolve();
    asked[1]?.resolve('one');
    expect(await c).toBe('one');
  });
});
