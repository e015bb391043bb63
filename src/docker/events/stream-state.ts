/**
 * The event stream's life as one tagged union and one transition function; every state but the good one says why.
 * Reconnecting never ends: an engine that is away is expected back.
 */
export type StreamState =
  | { readonly kind: 'idle' }
  /** Pinging, subscribing. `failures` is the number since the last stream that proved itself. */
  | { readonly kind: 'connecting'; readonly failures: number; readonly reason?: string }
  | { readonly kind: 'streaming'; readonly failures: number; readonly apiVersion: string }
  | { readonly kind: 'waiting'; readonly failures: number; readonly reason: string }
  | { readonly kind: 'stopped' };

export type StreamSignal =
  | { readonly kind: 'start' }
  | { readonly kind: 'subscribed'; readonly apiVersion: string }
  | { readonly kind: 'settled' }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'retry' }
  | { readonly kind: 'stop' };

/** A signal that makes no sense in a state leaves it as it is: signals of an attempt already given up arrive late. */
export function nextStreamState(state: StreamState, signal: StreamSignal): StreamState {
  // Nothing comes after the end: a stopped stream is replaced, not revived.
  if (state.kind === 'stopped') return state;
  switch (signal.kind) {
    case 'stop':
      return { kind: 'stopped' };
    case 'start':
      return state.kind === 'idle' ? { kind: 'connecting', failures: 0 } : state;
    case 'subscribed':
      // The failures stay counted: an engine that accepts and drops at once must not be retried without pause.
      return state.kind === 'connecting'
        ? { kind: 'streaming', failures: state.failures, apiVersion: signal.apiVersion }
        : state;
    case 'settled':
      // It has held: success, so the next loss is retried quickly.
      return state.kind === 'streaming' ? { ...state, failures: 0 } : state;
    case 'lost':
      // Whether it never came or came and went, the answer is the same: wait, then subscribe afresh.
      return state.kind === 'connecting' || state.kind === 'streaming'
        ? { kind: 'waiting', failures: state.failures + 1, reason: signal.reason }
        : state;
    case 'retry':
      return state.kind === 'waiting' ? { kind: 'connecting', failures: state.failures, reason: state.reason } : state;
  }
}
