import type { Problem } from '../problem.ts';

/**
 * Why a service is or is not reachable, as a value: the cause, the one next thing to do, and what was looked at on the
 * way from the declaration to the upstream. All text is printable.
 */
export type Cause =
  | 'fine'
  | 'no-such-service'
  | 'no-such-port'
  | 'never-labelled'
  | 'disabled'
  | 'stopped'
  | 'restarting'
  | 'oneoff'
  | 'out-of-scope'
  | 'scope-unknown'
  | 'label-mistake'
  | 'config-invalid'
  | 'port-unclear'
  | 'no-shared-network'
  | 'not-on-network'
  | 'no-address'
  | 'namespace-lost'
  | 'name-unresolved'
  | 'listen-conflict'
  | 'name-conflict'
  | 'listen-failed'
  | 'opening'
  | 'no-container'
  | 'not-asked-yet'
  | 'nothing-listens'
  | 'never-ready'
  | 'healthcheck-starting'
  | 'healthcheck-failing'
  | 'check-failing'
  | 'all-suspect'
  /** What clients of TLS are shown. */
  | 'certificate'
  | 'dial-failing'
  | 'paused'
  | 'drained'
  | 'draining'
  | 'weight-zero'
  | 'labels-differ'
  | 'engine-unreachable'
  | 'not-synced';

type Reachability = 'reachable' | 'degraded' | 'unreachable';

export interface Step {
  readonly step: 'engine' | 'declared' | 'listener' | 'network' | 'upstreams' | 'clients';
  readonly status: 'ok' | 'warn' | 'bad' | 'info';
  readonly text: string;
}

/** A dial that failed of late; the same one again and again is one, counted. */
export interface DialFailure {
  readonly atMs: number;
  readonly upstreamKey: string;
  /** errno and address, e.g. `ECONNREFUSED 172.18.0.3:80`. */
  readonly error: string;
  readonly count: number;
}

export interface Diagnosis {
  readonly verdict: Reachability;
  readonly cause: Cause;
  /** One line. */
  readonly summary: string;
  /** Undefined when there is nothing to do. */
  readonly next: string | undefined;
}

export interface Explanation extends Diagnosis {
  readonly subject: string;
  readonly kind: 'service' | 'container' | 'port' | 'unknown';
  readonly suggestions: readonly string[];
  readonly services: readonly string[];
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** Newest first; `upstream` is its name. */
  readonly dialFailures: readonly (DialFailure & { readonly upstream: string })[];
}
