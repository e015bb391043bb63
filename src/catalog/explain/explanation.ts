import type { Problem } from '../problem.ts';

/**
 * The value that explains why a subject can or can't be reached: the cause, the next thing to do, and the steps from
 * the declaration to the upstream. All text is printable.
 */
export type Cause =
  | 'fine'
  | 'no-such-service'
  | 'no-such-port'
  /** Containers of several engines have the name. */
  | 'ambiguous'
  | 'never-labelled'
  /** It has no labels, and none of its ports is taken for a web server's. */
  | 'not-exposed'
  | 'disabled'
  | 'stopped'
  | 'restarting'
  | 'oneoff'
  | 'out-of-scope'
  | 'scope-unknown'
  | 'engine-twice'
  | 'engines-overlap'
  | 'network-not-left'
  | 'label-mistake'
  | 'config-invalid'
  | 'port-unclear'
  | 'no-shared-network'
  /** It is on overlay networks only, which Sealane is not on, and publishes no port on its node. */
  | 'no-shared-overlay'
  | 'not-on-network'
  | 'no-address'
  | 'namespace-lost'
  | 'name-unresolved'
  /** An upstream of a static service is the port of the service itself. */
  | 'upstream-loops'
  /** A Swarm has no node for a task, its tasks end or lack their image, a node of it is lost, or it can't be asked. */
  | 'task-pending'
  | 'task-failing'
  | 'image-missing'
  | 'node-down'
  /** A task is on its way. */
  | 'task-starting'
  /** A container has the labels of a task of another node, which the Swarm does not know to be there. */
  | 'not-in-swarm'
  /** The node is a worker of a Swarm, and knows nothing of other nodes. */
  | 'no-manager'
  | 'swarm-unreachable'
  | 'listen-conflict'
  | 'name-conflict'
  | 'listen-failed'
  | 'not-published'
  | 'opening'
  | 'no-container'
  | 'not-asked-yet'
  | 'nothing-listens'
  | 'never-ready'
  | 'healthcheck-starting'
  | 'healthcheck-failing'
  | 'check-failing'
  | 'all-suspect'
  /** A certificate is missing, unusable, expiring, or covers the names of several services. */
  | 'certificate'
  | 'dial-failing'
  | 'paused'
  /** The next client starts the container; or its last start failed. */
  | 'asleep'
  | 'action-not-allowed'
  | 'wake-failed'
  | 'drained'
  | 'draining'
  | 'weight-zero'
  /** A stand-in serves it, or was to and does not answer. */
  | 'swapped'
  | 'stand-in-silent'
  | 'labels-differ'
  | 'engine-unreachable'
  | 'not-synced';

type Reachability = 'reachable' | 'degraded' | 'unreachable';

export interface Step {
  readonly step: 'engine' | 'declared' | 'listener' | 'network' | 'upstreams' | 'clients';
  readonly status: 'ok' | 'warn' | 'bad' | 'info';
  readonly text: string;
}

/** A recent dial failure; repetitions of the same failure are counted in it. */
export interface DialFailure {
  readonly atMs: number;
  readonly upstreamKey: string;
  /** The error code and address, e.g. `ECONNREFUSED 172.18.0.3:80`. */
  readonly error: string;
  readonly count: number;
}

export interface Diagnosis {
  readonly verdict: Reachability;
  readonly cause: Cause;
  /** What is the case, in one line. */
  readonly summary: string;
  /** The next thing to do; undefined when nothing needs to be done. */
  readonly next: string | undefined;
}

export interface Explanation extends Diagnosis {
  readonly subject: string;
  readonly kind: 'service' | 'container' | 'port' | 'unknown';
  readonly suggestions: readonly string[];
  readonly services: readonly string[];
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** Newest first; `upstream` is the upstream's name. */
  readonly dialFailures: readonly (DialFailure & { readonly upstream: string })[];
}
