import { expect, it } from 'vitest';
import { judgeCrashes, type Crash, type RestartedContainer } from '../../../../src/catalog/problems/crash-loops.ts';

const crashed: RestartedContainer = { id: 'c0ffee', name: 'api-1', isRunning: false, restarts: 2, exitCode: 7 };
const running = { ...crashed, isRunning: true, exitCode: undefined };

/** Judges one state after the other, each at its time. */
function play(...states: readonly (readonly [atMs: number, ...restarted: RestartedContainer[]])[]) {
  let crashes: ReadonlyMap<string, Crash> = new Map();
  return states.map(([atMs, ...restarted]) => {
    const { problems, nextDeadlineMs, ...next } = judgeCrashes(crashes, restarted, atMs);
    crashes = next.crashes;
    return { problem: problems.map(({ message }) => message).join(), nextDeadlineMs };
  });
}

it('a container that ends again and again is a problem, also while it runs for a moment, until a run has lasted', () => {
  const third = { ...running, restarts: 3 };
  expect(play([0, crashed], [100, third], [500, third], [60_099, third], [60_100, third])).toEqual([
    {
      problem: 'it ends again and again: restarted 2 times, the last time after exit code 7',
      nextDeadlineMs: undefined,
    },
    { problem: 'it ends again and again: restarted 3 times, the last time after exit code 7', nextDeadlineMs: 60_100 },
    { problem: 'it ends again and again: restarted 3 times, the last time after exit code 7', nextDeadlineMs: 60_100 },
    { problem: 'it ends again and again: restarted 3 times, the last time after exit code 7', nextDeadlineMs: 60_100 },
    { problem: '', nextDeadlineMs: undefined },
  ]);
});

it('one that runs when it is first seen is no problem, however often it was restarted, until it ends once more', () => {
  const after = { ...running, restarts: 41 };
  expect(play([0, { ...running, restarts: 40 }], [10, after]).map(({ problem }) => problem)).toEqual([
    '',
    'it ends again and again: restarted 41 times',
  ]);
});

it('a death, which has no facts until the next inspect, neither solves the problem nor makes it anew', () => {
  const died = [1_000] as const;
  const [before, between, after] = play([0, crashed], died, [1_005, { ...crashed, restarts: 3 }]);
  expect(between).toEqual({ problem: before?.problem, nextDeadlineMs: 6_000 });
  expect(after?.problem).toContain('restarted 3 times');
});

it('one that is gone is forgotten after a moment', () => {
  const states = play([0, crashed], [1], [5_000], [5_001], [5_002, running]);
  expect(states.map(({ problem }) => problem === '')).toEqual([false, false, false, true, true]);
});
