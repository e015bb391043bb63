import type { ContainerEvent } from '../support/engine/events.ts';
import type { Failure } from './failure.ts';
import { runAt } from './runs.ts';
import { dialedAtMs, findSession, type SessionLine } from './session.ts';

/**
 * Finds the cause of a client's failure, by Sealane's record of the session and the engine's events of the container.
 *
 * - `failed`: Sealane could have avoided it. The goal is that there are none.
 * - `unavoidable`: the upstream was dialed while it was ready and accepted the request; then its process died with the
 *   request or, told to stop, reset it.
 * - `expected`: a long-lived connection that ended with its upstream.
 */
export interface Verdict {
  readonly kind: 'failed' | 'unavoidable' | 'expected';
  /** The reason, in the same words for the same cause, so that it can be counted. */
  readonly why: string;
  /** The records behind the verdict, for the investigation of a failure. */
  readonly evidence: object;
}

/**
 * The time that Sealane has to act on a stop after this program heard of it; also the goal of
 * bench/lifecycle-latency.ts.
 */
const newsMs = 10;
/** The time within which the engine sees a death and Sealane closes the connections that the kernel did not reset. */
const deathMs = 250;

export function judge(
  failures: readonly Failure[],
  sessions: readonly SessionLine[],
  events: readonly ContainerEvent[],
): Verdict[] {
  const sessionOf = findSession(sessions);
  return failures.map((failure) => judgeOne(failure, sessionOf(failure), events));
}

function judgeOne(failure: Failure, session: SessionLine | undefined, events: readonly ContainerEvent[]): Verdict {
  const { code, failedAtMs } = failure;
  if (!session) return { kind: 'failed', why: `${code}, and Sealane knows of no session`, evidence: { failure } };
  const { upstreamKey, reason } = session;
  if (upstreamKey === undefined) {
    return { kind: 'failed', why: `${code}: ${reason}`, evidence: { failure, session } };
  }
  const run = runAt(events, containerOf(upstreamKey), dialedAtMs(session));
  const evidence = { failure, session, run };
  const lateMs = dialedAtMs(session) - run.heardOfEndAtMs;
  if (lateMs > newsMs) {
    return {
      kind: 'failed',
      why: `${code}: dialed more than ${newsMs} ms after its stop or death was known`,
      evidence,
    };
  }
  if (failure.answers > 0 && run.stopAskedAtMs <= failedAtMs + deathMs) {
    return { kind: 'expected', why: 'ended with its upstream', evidence };
  }
  // The replica's grace period was over before its answer was complete, as happens on an overloaded machine.
  const wasReset = reason === 'upstream-reset' && run.stopAskedAtMs <= failedAtMs && failedAtMs <= run.diedAtMs;
  if (wasReset && run.diedAtMs - failedAtMs > deathMs) {
    return { kind: 'unavoidable', why: `${code}: its replica, told to stop, reset the request`, evidence };
  }
  if (Math.abs(run.diedAtMs - failedAtMs) > deathMs) return { kind: 'failed', why: `${code}: ${reason}`, evidence };
  if (failure.answers > 0) return { kind: 'expected', why: 'ended with its upstream', evidence };
  const when = session.bytesDown > 0 ? 'amid its answer' : 'before its first byte';
  return { kind: 'unavoidable', why: `${code}: its process died with the request, ${when}`, evidence };
}

/** The container's id, with which an upstream's key begins. */
function containerOf(upstreamKey: string): string {
  return /[0-9a-f]{64}/.exec(upstreamKey)?.[0] ?? upstreamKey;
}
