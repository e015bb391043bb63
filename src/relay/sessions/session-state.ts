import type { CloseReason } from '../boundary/report.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';
import type { Endpoint } from '../boundary/table.ts';

/**
 * The states of a session: held → dialing → relaying → closed, with the data that is valid in each. A dial that stays
 * unanswered gets a second one beside it, and the first answer wins. Pure: the time is an argument.
 */
export interface DialTarget {
  readonly upstream: PoolUpstream;
  readonly endpoint: Endpoint;
  /** The beginning of the dial to this address. */
  readonly sinceMs: number;
}

/** What a session has gone through before its present state. */
interface Trail {
  readonly heldMs: number;
  readonly retries: number;
  readonly lastDialError: string | undefined;
}

export type SessionState<T extends DialTarget = DialTarget> =
  /** The session waits. `sinceMs` is undefined before the first dial and in the instant between two dials. */
  | { readonly kind: 'held'; readonly sinceMs: number | undefined; readonly trail: Trail }
  /** `target`: the dial that has been under way for longer. */
  | { readonly kind: 'dialing'; readonly target: T; readonly second: T | undefined; readonly trail: Trail }
  | { readonly kind: 'relaying'; readonly target: T; readonly dialMs: number; readonly trail: Trail }
  | {
      readonly kind: 'closed';
      readonly reason: CloseReason;
      readonly atMs: number;
      readonly target: T | undefined;
      readonly dialMs: number;
      readonly trail: Trail;
    };

export type SessionEvent<T extends DialTarget = DialTarget> =
  | { readonly kind: 'hold' }
  | { readonly kind: 'dial'; readonly target: T }
  | { readonly kind: 'answer'; readonly target: T }
  | { readonly kind: 'dial-failed'; readonly target: T; readonly error: string }
  /** One of two dials ended, and nothing was learned from it. */
  | { readonly kind: 'dial-dropped'; readonly target: T }
  /** The upstream closed the connection before a byte had passed in either direction. */
  | { readonly kind: 'lost'; readonly error: string }
  | { readonly kind: 'close'; readonly reason: CloseReason };

export const accepted: Extract<SessionState, { kind: 'held' }> = {
  kind: 'held',
  sinceMs: undefined,
  trail: { heldMs: 0, retries: 0, lastDialError: undefined },
};

/** Returns the session's state after the event. An event that does not apply, such as one after `closed`, changes nothing. */
export function transition<T extends DialTarget>(
  state: SessionState<T>,
  event: SessionEvent<T>,
  nowMs: number,
): SessionState<T> {
  if (state.kind === 'closed') return state;
  switch (event.kind) {
    case 'hold':
      // No upstream can be dialed. A session that waits already keeps its wait.
      if (state.kind !== 'held' || state.sinceMs !== undefined) return state;
      return { ...state, sinceMs: nowMs };
    case 'dial':
      // There are two dials at a time at most, and none once bytes flow.
      if (state.kind === 'dialing' && !state.second) return { ...state, second: event.target };
      if (state.kind !== 'held') return state;
      return { kind: 'dialing', target: event.target, second: undefined, trail: waited(state, nowMs) };
    case 'answer':
      // From here on bytes may reach the upstream; once one has, there is no way back to another candidate.
      if (state.kind !== 'dialing') return state;
      return { kind: 'relaying', target: event.target, dialMs: nowMs - event.target.sinceMs, trail: state.trail };
    case 'dial-failed':
      return state.kind === 'dialing' ? without(event.target, state, failed(state.trail, event.error)) : state;
    case 'dial-dropped':
      return state.kind === 'dialing' ? without(event.target, state, state.trail) : state;
    case 'lost':
      // Nothing was relayed, so the client does not notice.
      if (state.kind !== 'relaying') return state;
      return { kind: 'held', sinceMs: undefined, trail: failed(state.trail, event.error) };
    case 'close':
      // Any state can close; only a session that was relayed has an upstream to name.
      return {
        kind: 'closed',
        reason: event.reason,
        atMs: nowMs,
        target: state.kind === 'relaying' ? state.target : undefined,
        dialMs: state.kind === 'relaying' ? state.dialMs : 0,
        trail: state.kind === 'held' ? waited(state, nowMs) : state.trail,
      };
  }
}

/** The state after one dial has ended without an answer; the other one, if there is one, goes on. */
function without<T extends DialTarget>(
  ended: T,
  { target, second }: Extract<SessionState<T>, { kind: 'dialing' }>,
  trail: Trail,
): SessionState<T> {
  const other = ended === target ? second : target;
  if (!other) return { kind: 'held', sinceMs: undefined, trail };
  return { kind: 'dialing', target: other, second: undefined, trail };
}

function failed(trail: Trail, error: string): Trail {
  return { ...trail, retries: trail.retries + 1, lastDialError: error };
}

function waited({ sinceMs, trail }: Extract<SessionState, { kind: 'held' }>, nowMs: number): Trail {
  return sinceMs === undefined ? trail : { ...trail, heldMs: trail.heldMs + nowMs - sinceMs };
}
