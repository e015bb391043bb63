import type { Channel } from '../driver/driver.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import type { LiveSession, SessionRecord } from '../boundary/report.ts';
import type { SessionState } from './session-state.ts';
import { formatAddress } from '../../address/address.ts';

/**
 * What is told of a session: while it goes on, and once it is closed.
 */
export interface SessionFacts {
  readonly service: string;
  readonly listener: string;
  /** `ip:port` */
  readonly client: string;
  /** What detection found out, if there was any. */
  readonly clientInfo: ClientInfo | undefined;
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  readonly channel: Channel;
}

type Closed = Extract<SessionState, { kind: 'closed' }>;

export function recordOf(facts: SessionFacts, { target, dialMs, reason, atMs, trail }: Closed): SessionRecord {
  return {
    service: facts.service,
    listener: facts.listener,
    client: facts.client,
    via: facts.clientInfo?.via,
    name: facts.clientInfo?.name,
    upstream: target?.upstream.name,
    upstreamKey: target?.upstream.key,
    endpoint: target && formatAddress(target.endpoint),
    startedAtMs: facts.startedAtWallMs,
    heldMs: toMicroseconds(trail.heldMs),
    dialMs: toMicroseconds(dialMs),
    totalMs: toMicroseconds(atMs - facts.startedAtMs),
    bytesUp: facts.channel.bytesUp,
    bytesDown: facts.channel.bytesDown,
    retries: trail.retries,
    reason,
    detail: undefined,
    lastDialError: trail.lastDialError,
  };
}

export function liveOf(facts: SessionFacts, state: Exclude<SessionState, Closed>, nowMs: number): LiveSession {
  const target = state.kind === 'held' ? undefined : state.target;
  return {
    service: facts.service,
    listener: facts.listener,
    client: facts.client,
    state: state.kind,
    upstream: target?.upstream.name,
    upstreamKey: target?.upstream.key,
    endpoint: target && formatAddress(target.endpoint),
    startedAtMs: facts.startedAtWallMs,
    ageMs: toMicroseconds(nowMs - facts.startedAtMs),
    bytesUp: facts.channel.bytesUp,
    bytesDown: facts.channel.bytesDown,
    retries: state.trail.retries,
    lastDialError: state.trail.lastDialError,
  };
}

/** The clock has digits below that mean nothing. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
