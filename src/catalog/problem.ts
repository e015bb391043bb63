/**
 * A problem is something that Sealane could not or would not do: its subject, what happened, and the fix. It is a
 * value, never an exception.
 */
export interface Problem {
  /** The stable name of the kind of problem, for metrics and tests, e.g. `label-unknown`. */
  readonly code: ProblemCode;
  /** The subject's name: a container, a service or a listen address, for example; safe to print. */
  readonly subject: string;
  /** The id of the container that the problem is about, if it is about one. */
  readonly containerId?: string;
  /** The label at fault, if a label is, so that `sealane check` can point at its line. Hostile text. */
  readonly label?: string;
  /** The name of the route at fault, if a route is; '' for the unnamed route. */
  readonly route?: string;
  /** The listen address that the problem is about, if it is about one. */
  readonly listen?: string;
  /** The services that the problem is about, if it is about several. */
  readonly services?: readonly string[];
  /** What happened, in one line that is safe to print. */
  readonly message: string;
  /** The next thing to do. */
  readonly fix: string;
}

/** The kind of thing that a problem's subject names, by the problem's code. */
type SubjectKind =
  | 'container'
  | 'service'
  | 'upstream'
  | 'listener'
  | 'file'
  | 'setting'
  | 'node'
  | 'swarm'
  | 'engine'
  | 'network';

const subjects = {
  'label-unknown': 'container',
  'label-malformed': 'container',
  'action-not-allowed': 'container',
  'sleep-impossible': 'container',
  'labels-differ': 'service',
  'port-unclear': 'container',
  'no-address': 'container',
  'no-shared-network': 'container',
  'no-shared-overlay': 'container',
  'not-on-network': 'container',
  'network-not-left': 'network',
  'namespace-lost': 'container',
  'task-pending': 'service',
  'task-failing': 'service',
  'image-missing': 'service',
  'node-down': 'node',
  'swarm-unreachable': 'swarm',
  'listen-conflict': 'service',
  'name-conflict': 'service',
  'listen-failed': 'listener',
  'name-unresolved': 'service',
  'upstream-loops': 'service',
  'scope-unknown': 'setting',
  'engine-unreachable': 'engine',
  'engine-twice': 'setting',
  'engines-overlap': 'setting',
  'config-invalid': 'file',
  'certificate-missing': 'service',
  'certificate-shared': 'service',
  'certificate-unusable': 'file',
  'certificate-expiring': 'file',
  'never-ready': 'upstream',
  paused: 'upstream',
  'wake-failed': 'upstream',
  unhealthy: 'upstream',
  'crash-loop': 'container',
  'all-suspect': 'service',
} as const satisfies Readonly<Record<string, SubjectKind>>;

export type ProblemCode = keyof typeof subjects;
export const problemCodes = Object.keys(subjects) as readonly ProblemCode[];

export function subjectOf(code: ProblemCode): SubjectKind {
  return subjects[code];
}

/**
 * Problems with the same key are the same. The key has everything that a person would read, except where the message
 * tells what changes while the problem stays: the replicas of a service, the number of restarts, or the last answer of a check or an engine.
 */
export function problemKey({ code, containerId, subject, message }: Problem): string {
  return `${code}\0${containerId ?? ''}\0${subject}\0${isOngoing(code) ? '' : message}`;
}

const ongoing: ReadonlySet<ProblemCode> = new Set(['all-suspect', 'crash-loop', 'engine-unreachable', 'unhealthy']);

function isOngoing(code: ProblemCode): boolean {
  return ongoing.has(code);
}
