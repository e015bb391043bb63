import type { Channel } from '../driver/driver.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import type { LiveSession, SessionRecord } from '../boundary/report.ts';
import type { SessionState } from './session-state.ts';
import { formatAddress } from '../../address/address.ts';

/**
 * Describes a session for other threads: its snapshot while it is live, and its record once it is closed.
 */
export interface SessionFacts {
  readonly service: string;
  readonly listener: string;
  /** `ip:port`, or `unix`. */
  readonly client: string;
  /** The result of detection, if there was one. */
  readonly clientInfo: ClientInfo | undefined;
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  readonly channel: Channel;
  /** More about the reason of the end; safe to print. */
  readonly detail?: string | undefined;
}

type Closed = Extract<SessionState, { kind: 'closed' }>;

export function recordOf(facts: SessionFacts, closed: Closed): SessionRecord {
  return {
    ...sharedOf(facts, closed.target, closed.trail),
    via: facts.clientInfo?.via,
    name: facts.clientInfo?.name,
    heldMs: toMicroseconds(closed.trail.heldMs),
    dialMs: toMicroseconds(closed.dialMs),
    totalMs: toMicroseconds(closed.atMs - facts.startedAtMs),
    reason: closed.reason,
    detail: facts.detail,
  };
}

export function liveOf(facts: SessionFacts, state: Exclude<SessionState, Closed>, nowMs: number): LiveSession {
  const target = state.kind === 'held' ? undefined : state.target;
  return {
    ...sharedOf(facts, target, state.trail),
    state: state.kind,
    ageMs: toMicroseconds(nowMs - facts.startedAtMs),
  };
}

function sharedOf(
  { service, listener, client, startedAtWallMs, channel }: SessionFacts,
  target: Closed['target'],
  trail: Closed['trail'],
) {
  return {
    service,
    listener,
    client,
    upstream: target?.upstream.name,
    upstreamKey: target?.upstream.key,
    endpoint: target && formatAddress(target.endpoint),
    startedAtMs: startedAtWallMs,
    bytesUp: channel.bytesUp,
    bytesDown: channel.bytesDown,
    retries: trail.retries,
    lastDialError: trail.lastDialError,
  };
}

/** Rounds to microseconds: smaller digits of the clock mean nothing. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
