/**
 * The lifecycle of the event stream, as one tagged union and one transition function. Reconnecting never ends, since an
 * engine that is away is expected to return.
 */
export type StreamState =
  | { readonly kind: 'idle' }
  /** The stream pings and subscribes. `failures` counts the failures since the last stream that settled. */
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

/** A signal that does not fit the state leaves it unchanged: signals of an abandoned attempt may arrive late. */
export function nextStreamState(state: StreamState, signal: StreamSignal): StreamState {
  // A stopped stream is never started again; its owner creates a new one.
  if (state.kind === 'stopped') return state;
  switch (signal.kind) {
    case 'stop':
      return { kind: 'stopped' };
    case 'start':
      return state.kind === 'idle' ? { kind: 'connecting', failures: 0 } : state;
    case 'subscribed':
      // The failures stay counted, so that an engine that accepts and drops at once is not retried without a pause.
      return state.kind === 'connecting'
        ? { kind: 'streaming', failures: state.failures, apiVersion: signal.apiVersion }
        : state;
    case 'settled':
      // The stream has lasted long enough to count as a success, so the next loss is retried quickly.
      return state.kind === 'streaming' ? { ...state, failures: 0 } : state;
    case 'lost':
      // A failed attempt and a lost stream are handled alike: wait, then subscribe again.
      return state.kind === 'connecting' || state.kind === 'streaming'
        ? { kind: 'waiting', failures: state.failures + 1, reason: signal.reason }
        : state;
    case 'retry':
      return state.kind === 'waiting' ? { kind: 'connecting', failures: state.failures, reason: state.reason } : state;
  }
}
