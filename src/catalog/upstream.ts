import type { DeclaredUpstream } from './declaration.ts';

/**
 * The lifecycle of one upstream. All transitions are in `nextState`; a state is kept, with its `since`, as long as
 * nothing about it changed. An upstream that is gone has no state: it is no longer in the catalog.
 */
export type UpstreamState =
  | { readonly kind: 'ready'; readonly sinceMs: number; readonly reason: string }
  /** Its container is paused: the kernel would still accept for it, but nobody answers. */
  | { readonly kind: 'paused'; readonly sinceMs: number; readonly reason: string }
  /** Takes no new sessions; dropped at `untilMs`, with what is left of its sessions. */
  | { readonly kind: 'draining'; readonly sinceMs: number; readonly reason: string; readonly untilMs: number };

export interface Upstream {
  readonly declared: DeclaredUpstream;
  readonly state: UpstreamState;
}

export type UpstreamInput =
  /** Still declared, and running or paused. */
  | { readonly kind: 'declared'; readonly upstream: DeclaredUpstream }
  /** No longer declared, but its process may live on. */
  | { readonly kind: 'withdrawn'; readonly reason: string }
  /** Its process is known to be dead. */
  | { readonly kind: 'died' };

/** The next upstream, or undefined when it is gone. Times are the clock's monotonic milliseconds. */
export function nextUpstream(
  previous: Upstream | undefined,
  input: UpstreamInput,
  nowMs: number,
): Upstream | undefined {
  switch (input.kind) {
    case 'declared': {
      const { upstream } = input;
      const state = keep(
        previous?.state,
        upstream.paused
          ? { kind: 'paused', sinceMs: nowMs, reason: 'its container is paused' }
          : { kind: 'ready', sinceMs: nowMs, reason: readyReason(previous?.state) },
      );
      return previous && previous.state === state && previous.declared === upstream
        ? previous
        : { declared: upstream, state };
    }
    case 'withdrawn': {
      if (!previous) return undefined;
      const { state, declared } = previous;
      // A drain that has begun keeps its first deadline, whatever else is withdrawn meanwhile.
      if (state.kind === 'draining') return state.untilMs > nowMs ? previous : undefined;
      if (declared.drainMs === 0) return undefined;
      return {
        declared,
        state: { kind: 'draining', sinceMs: nowMs, reason: input.reason, untilMs: nowMs + declared.drainMs },
      };
    }
    case 'died':
      // Whatever it was, a dead process finishes nothing: no drain.
      return undefined;
  }
}

function keep(previous: UpstreamState | undefined, next: UpstreamState): UpstreamState {
  return previous?.kind === next.kind ? previous : next;
}

function readyReason(previous: UpstreamState | undefined): string {
  switch (previous?.kind) {
    case undefined:
      return 'it is running';
    case 'paused':
      return 'it was unpaused';
    case 'draining':
      return 'it was declared again';
    case 'ready':
      return previous.reason;
  }
}
