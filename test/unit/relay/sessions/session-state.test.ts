import { expect, test } from 'vitest';
import { CounterWriter, createCounterMemory } from '../../../../src/relay/boundary/counters.ts';
import {
  accepted,
  transition,
  type SessionEvent,
  type SessionState,
} from '../../../../src/relay/sessions/session-state.ts';
import { PoolUpstream } from '../../../../src/relay/upstreams/upstream.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const counters = new CounterWriter(createCounterMemory(1, 2), 0);
const target = {
  upstream: new PoolUpstream({ counters, clock: new ManualClock(), random: () => 0, onSuspect() {} }, upstream('a'), 1),
  endpoint: { host: '127.0.0.1', port: 1 },
};

function run(...steps: readonly (readonly [atMs: number, event: SessionEvent])[]): SessionState {
  return steps.reduce((state, [atMs, event]) => transition(state, event, atMs), accepted);
}

const dial: SessionEvent = { kind: 'dial', target };
const failed: SessionEvent = { kind: 'dial-failed', error: 'ECONNREFUSED 127.0.0.1:1' };

test('a session that is answered at once was never held', () => {
  expect(run([5, dial], [7, { kind: 'answer' }], [90, { kind: 'close', reason: 'finished' }])).toMatchObject({
    kind: 'closed',
    reason: 'finished',
    dialMs: 2,
    target,
    trail: { heldMs: 0, retries: 0, lastDialError: undefined },
  });
});

test('the held time is the sum of all waits, without the dials between them', () => {
  const state = run([0, { kind: 'hold' }], [100, dial], [103, failed], [103, { kind: 'hold' }], [153, dial]);
  expect(state).toMatchObject({ kind: 'dialing', sinceMs: 153, trail: { heldMs: 150, retries: 1 } });
});

test('holding a session that waits already does not restart its wait', () => {
  expect(run([0, { kind: 'hold' }], [60, { kind: 'hold' }], [100, dial])).toMatchObject({ trail: { heldMs: 100 } });
});

test('a failed dial leads straight to the next one and is remembered', () => {
  expect(run([0, dial], [1, failed], [2, dial], [4, { kind: 'answer' }])).toMatchObject({
    kind: 'relaying',
    dialMs: 2,
    trail: { heldMs: 0, retries: 1, lastDialError: 'ECONNREFUSED 127.0.0.1:1' },
  });
});

test('a session that is never answered names no upstream', () => {
  expect(run([0, dial], [9, { kind: 'close', reason: 'client-gave-up' }])).toMatchObject({
    target: undefined,
    dialMs: 0,
  });
});

test('an upstream that is lost before a byte has passed is one more failed dial', () => {
  const lost: SessionEvent = { kind: 'lost', error: 'ECONNRESET 127.0.0.1:1' };
  expect(run([0, dial], [1, { kind: 'answer' }], [2, lost], [3, dial])).toMatchObject({
    kind: 'dialing',
    trail: { retries: 1, lastDialError: 'ECONNRESET 127.0.0.1:1' },
  });
  expect(transition(accepted, lost, 1)).toBe(accepted);
});

test('a session that is relayed never goes back to another candidate', () => {
  const relaying = run([0, dial], [1, { kind: 'answer' }]);
  expect(transition(relaying, failed, 2)).toBe(relaying);
  expect(transition(relaying, dial, 2)).toBe(relaying);
  expect(transition(relaying, { kind: 'hold' }, 2)).toBe(relaying);
});

test('no event changes a closed session', () => {
  const closed = run([0, { kind: 'close', reason: 'hold-full' }]);
  const events: readonly SessionEvent[] = [dial, failed, { kind: 'hold' }, { kind: 'answer' }];
  for (const event of events) expect(transition(closed, event, 1)).toBe(closed);
  expect(transition(closed, { kind: 'close', reason: 'shutdown' }, 1)).toBe(closed);
});

test('answers and failures of dials mean nothing while there is no dial', () => {
  expect(transition(accepted, { kind: 'answer' }, 1)).toBe(accepted);
  expect(transition(accepted, failed, 1)).toBe(accepted);
});
