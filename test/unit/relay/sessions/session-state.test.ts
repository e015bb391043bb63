import { expect, test } from 'vitest';
import { CounterWriter, createCounterMemory } from '../../../../src/relay/boundary/counters.ts';
import {
  accepted,
  transition,
  type DialTarget,
  type SessionEvent,
  type SessionState,
} from '../../../../src/relay/sessions/session-state.ts';
import { PoolUpstream } from '../../../../src/relay/upstreams/upstream.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { upstream } from '../../../support/sockets/tables.ts';

const counters = new CounterWriter(createCounterMemory(1, 2), 0);
const pooled = new PoolUpstream(
  { counters, clock: new ManualClock(), random: () => 0, onSuspect() {} },
  upstream('a'),
  1,
);
const targetAt = (sinceMs: number): DialTarget => ({
  upstream: pooled,
  endpoint: { host: '127.0.0.1', port: 1 },
  sinceMs,
});
const target = targetAt(0);

function run(...steps: readonly (readonly [atMs: number, event: SessionEvent])[]): SessionState {
  return steps.reduce<SessionState>((state, [atMs, event]) => transition(state, event, atMs), accepted);
}

const dial: SessionEvent = { kind: 'dial', target };
const answer: SessionEvent = { kind: 'answer', target };
const failed: SessionEvent = { kind: 'dial-failed', target, error: 'ECONNREFUSED 127.0.0.1:1' };

test('a session that is answered at once was never held', () => {
  expect(run([0, dial], [2, answer], [90, { kind: 'close', reason: 'finished' }])).toMatchObject({
    kind: 'closed',
    reason: 'finished',
    dialMs: 2,
    target,
    trail: { heldMs: 0, retries: 0, lastDialError: undefined },
  });
});

test('the held time is the sum of all waits, without the dials between them', () => {
  const state = run([0, { kind: 'hold' }], [100, dial], [103, failed], [103, { kind: 'hold' }], [153, dial]);
  expect(state).toMatchObject({ kind: 'dialing', target, trail: { heldMs: 150, retries: 1 } });
});

test('holding a session that waits already does not restart its wait', () => {
  expect(run([0, { kind: 'hold' }], [60, { kind: 'hold' }], [100, dial])).toMatchObject({ trail: { heldMs: 100 } });
});

test('a failed dial leads straight to the next one and is remembered', () => {
  const next = targetAt(2);
  expect(
    run([0, dial], [1, failed], [2, { kind: 'dial', target: next }], [4, { kind: 'answer', target: next }]),
  ).toMatchObject({
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

test('a second dial runs beside the first; the answer of either counts from its own beginning', () => {
  const second = targetAt(150);
  const both = run([0, dial], [150, { kind: 'dial', target: second }]);
  expect(both).toMatchObject({ kind: 'dialing', target, second });
  expect(transition(both, { kind: 'answer', target: second }, 152)).toMatchObject({ target: second, dialMs: 2 });
  expect(transition(both, answer, 153)).toMatchObject({ target, dialMs: 153, trail: { retries: 0 } });
  expect(transition(both, { kind: 'dial', target: targetAt(160) }, 160)).toBe(both);
});

test('when one of two dials fails the other goes on, and only the failure of both leaves the session without one', () => {
  const second = targetAt(150);
  const both = run([0, dial], [150, { kind: 'dial', target: second }]);
  const one = transition(both, failed, 160);
  expect(one).toMatchObject({ kind: 'dialing', target: second, second: undefined, trail: { retries: 1 } });
  expect(transition(one, { ...failed, target: second }, 170)).toMatchObject({ kind: 'held', trail: { retries: 2 } });
  expect(transition(both, { kind: 'dial-dropped', target: second }, 160)).toMatchObject({
    kind: 'dialing',
    target,
    second: undefined,
    trail: { retries: 0, lastDialError: undefined },
  });
});

test('an upstream that is lost before a byte has passed is one more failed dial', () => {
  const lost: SessionEvent = { kind: 'lost', error: 'ECONNRESET 127.0.0.1:1' };
  expect(run([0, dial], [1, answer], [2, lost], [3, dial])).toMatchObject({
    kind: 'dialing',
    trail: { retries: 1, lastDialError: 'ECONNRESET 127.0.0.1:1' },
  });
  expect(transition(accepted, lost, 1)).toBe(accepted);
});

test('a session that is relayed never goes back to another candidate', () => {
  const relaying = run([0, dial], [1, answer]);
  expect(transition(relaying, failed, 2)).toBe(relaying);
  expect(transition(relaying, dial, 2)).toBe(relaying);
  expect(transition(relaying, { kind: 'hold' }, 2)).toBe(relaying);
});

test('no event changes a closed session', () => {
  const closed = run([0, { kind: 'close', reason: 'hold-full' }]);
  const events: readonly SessionEvent[] = [dial, failed, { kind: 'hold' }, answer];
  for (const event of events) expect(transition(closed, event, 1)).toBe(closed);
  expect(transition(closed, { kind: 'close', reason: 'shutdown' }, 1)).toBe(closed);
});

test('answers and failures of dials mean nothing while there is no dial', () => {
  expect(transition(accepted, answer, 1)).toBe(accepted);
  expect(transition(accepted, failed, 1)).toBe(accepted);
});
