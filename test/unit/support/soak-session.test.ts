import { expect, it } from 'vitest';
import { answeredDialAtMs, findSession, type SessionLine } from '../../soak/session.ts';

const session = (client: string, startedAtMs: number): SessionLine => ({
  client,
  startedAtMs,
  heldMs: 0,
  dialMs: 1,
  totalMs: 10,
  bytesDown: 0,
  retries: 0,
  reason: 'finished',
});

it('a failed connection is distinguished from an earlier connection with the same port', () => {
  const [first, second] = [session('127.0.0.1:5000', 1_000), session('127.0.0.1:5000', 2_800)];
  const find = findSession([first, second, session('127.0.0.1:5001', 2_800)]);
  expect(find({ localPort: 5_000, startedAtMs: 2_790 })).toBe(second);
  expect(find({ localPort: 5_000, startedAtMs: 1_100 })).toBe(first);
  expect(find({ localPort: 5_000, startedAtMs: 9_000 })).toBeUndefined();
});

it('the answered dial of a session whose first dial timed out after a second begins after that second', () => {
  expect(answeredDialAtMs({ ...session('127.0.0.1:5000', 783), heldMs: 2 })).toBe(785);
  const late = { ...session('127.0.0.1:5000', 783), retries: 1, totalMs: 989 };
  expect(answeredDialAtMs(late)).toBe(783 + 989 - 1);
});
