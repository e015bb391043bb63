import type { ContainerEvent } from '../support/engine/events.ts';
import type { Failure } from './failure.ts';
import { runAt } from './runs.ts';
import { dialedAtMs, findSession, type SessionLine } from './session.ts';

/**
 * Whose fault a client's failure was, by Sealane's record of the session and the engine's record of the container.
 *
 * - `failed`: Sealane could have done better. The goal is none of these.
 * - `unavoidable`: the upstream was chosen while it was good, took the request, and its process died with it or, told to stop, reset it.
 * - `expected`: a long-lived connection that ended with its upstream.
 */
export interface Verdict {
  readonly kind: 'failed' | 'unavoidable' | 'expected';
  /** The same words for the same cause, to be counted. */
  readonly why: string;
  /** For whoever looks into it. */
  readonly evidence: object;
}

/** From when a bystander heard of a stop until Sealane must have acted on it. The goal of bench/lifecycle-latency.ts, too. */
const newsMs = 10;
/** The engine sees a death, and Sealane closes what the kernel did not reset, within this. */
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
  // Its grace was over before its answer was there, as happens on a machine that is out of breath.
  const isTurnedAway = reason === 'upstream-reset' && run.stopAskedAtMs <= failedAtMs && failedAtMs <= run.diedAtMs;
  if (isTurnedAway && run.diedAtMs - failedAtMs > deathMs) {
    return { kind: 'unavoidable', why: `${code}: its replica, told to stop, reset the request`, evidence };
  }
  if (Math.abs(run.diedAtMs - failedAtMs) > deathMs) return { kind: 'failed', why: `${code}: ${reason}`, evidence };
  if (failure.answers > 0) return { kind: 'expected', why: 'ended with its upstream', evidence };
  const when = session.bytesDown > 0 ? 'amid its answer' : 'before its first byte';
  return { kind: 'unavoidable', why: `${code}: its process died with the request, ${when}`, evidence };
}

/** An upstream's key begins with the container's id. */
function containerOf(upstreamKey: string): string {
  return /[0-9a-f]{64}/.exec(upstreamKey)?.[0] ?? upstreamKey;
}
