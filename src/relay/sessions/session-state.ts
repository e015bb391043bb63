import type { CloseReason } from '../boundary/report.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';
import type { Endpoint } from '../boundary/table.ts';

/**
 * The states of a session: held → dialing → relaying → closed, with the data that is valid in each. Pure: the time is
 * an argument.
 */
export interface DialTarget {
  readonly upstream: PoolUpstream;
  readonly endpoint: Endpoint;
}

/** What a session has gone through before its present state. */
interface Trail {
  readonly heldMs: number;
  readonly retries: number;
  readonly lastDialError: string | undefined;
}

export type SessionState =
  /** The session waits. `sinceMs` is undefined before the first dial and in the instant between two dials. */
  | { readonly kind: 'held'; readonly sinceMs: number | undefined; readonly trail: Trail }
  | { readonly kind: 'dialing'; readonly target: DialTarget; readonly sinceMs: number; readonly trail: Trail }
  | { readonly kind: 'relaying'; readonly target: DialTarget; readonly dialMs: number; readonly trail: Trail }
  | {
      readonly kind: 'closed';
      readonly reason: CloseReason;
      readonly atMs: number;
      readonly target: DialTarget | undefined;
      readonly dialMs: number;
      readonly trail: Trail;
    };

export type SessionEvent =
  | { readonly kind: 'hold' }
  | { readonly kind: 'dial'; readonly target: DialTarget }
  | { readonly kind: 'answer' }
  | { readonly kind: 'dial-failed'; readonly error: string }
  /** The upstream closed the connection before a byte had passed in either direction. */
  | { readonly kind: 'lost'; readonly error: string }
  | { readonly kind: 'close'; readonly reason: CloseReason };

export const accepted: SessionState = {
  kind: 'held',
  sinceMs: undefined,
  trail: { heldMs: 0, retries: 0, lastDialError: undefined },
};

/** Returns the session's state after the event. An event that does not apply, such as one after `closed`, changes nothing. */
export function transition(state: SessionState, event: SessionEvent, nowMs: number): SessionState {
  if (state.kind === 'closed') return state;
  switch (event.kind) {
    case 'hold':
      // No upstream can be dialed. A session that waits already keeps its wait.
      if (state.kind !== 'held' || state.sinceMs !== undefined) return state;
      return { ...state, sinceMs: nowMs };
    case 'dial':
      // Only a held session dials: there is one dial at a time, and none once bytes flow.
      if (state.kind !== 'held') return state;
      return { kind: 'dialing', target: event.target, sinceMs: nowMs, trail: waited(state, nowMs) };
    case 'answer':
      // From here on bytes may reach the upstream; once one has, there is no way back to another candidate.
      if (state.kind !== 'dialing') return state;
      return { kind: 'relaying', target: state.target, dialMs: nowMs - state.sinceMs, trail: state.trail };
    case 'dial-failed':
    case 'lost':
      // Nothing was relayed, so the client does not notice.
      if (state.kind !== (event.kind === 'lost' ? 'relaying' : 'dialing')) return state;
      return {
        kind: 'held',
        sinceMs: undefined,
        trail: { ...state.trail, retries: state.trail.retries + 1, lastDialError: event.error },
      };
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

function waited({ sinceMs, trail }: Extract<SessionState, { kind: 'held' }>, nowMs: number): Trail {
  return sinceMs === undefined ? trail : { ...trail, heldMs: trail.heldMs + nowMs - sinceMs };
}
