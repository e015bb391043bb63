import { describe, expect, test } from 'vitest';
import { nextStreamState, type StreamSignal, type StreamState } from '../../../../src/docker/events/stream-state.ts';

const idle: StreamState = { kind: 'idle' };
const connecting: StreamState = { kind: 'connecting', failures: 3, reason: 'cut' };
const streaming: StreamState = { kind: 'streaming', failures: 3, apiVersion: '1.41' };
const waiting: StreamState = { kind: 'waiting', failures: 4, reason: 'cut' };
const stopped: StreamState = { kind: 'stopped' };

const start: StreamSignal = { kind: 'start' };
const subscribed: StreamSignal = { kind: 'subscribed', apiVersion: '1.41' };
const settled: StreamSignal = { kind: 'settled' };
const lost: StreamSignal = { kind: 'lost', reason: 'cut' };
const retry: StreamSignal = { kind: 'retry' };
const stop: StreamSignal = { kind: 'stop' };

describe('the event stream', () => {
  test.each([
    ['starts by connecting', idle, start, { kind: 'connecting', failures: 0 }],
    ['streams once subscribed, with its failures still counted', connecting, subscribed, streaming],
    ['forgets its failures only when it has lasted for a while', streaming, settled, { ...streaming, failures: 0 }],
    ['waits after a failed attempt', connecting, lost, waiting],
    ['waits after a stream was lost', streaming, lost, waiting],
    ['connects again after the wait, and keeps the reason', waiting, retry, { ...connecting, failures: 4 }],
    ['ends when stopped while it streams', streaming, stop, stopped],
    ['ends when stopped while it waits', waiting, stop, stopped],
  ] as const)('%s', (_, before, signal, after) => {
    expect(nextStreamState(before, signal)).toEqual(after);
  });

  test.each([
    ['a second start', streaming, start],
    ['a loss while waiting', waiting, lost],
    ['a retry while streaming', streaming, retry],
    ['a late subscription', waiting, subscribed],
    ['settling after the loss', waiting, settled],
    ['anything after the end', stopped, start],
  ] as const)('does not change with %s', (_, state, signal) => {
    expect(nextStreamState(state, signal)).toBe(state);
  });
});
