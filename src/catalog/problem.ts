/**
 * Something we could not or would not do: who, what, why and what to do about it. A value, never an exception.
 */
export interface Problem {
  /** Stable, for metrics and tests, e.g. `label-unknown`. */
  readonly code: ProblemCode;
  /** Who it is about: a container's name, a service or a listen address; safe to print. */
  readonly subject: string;
  /** The container's id, where it is about one. */
  readonly containerId?: string;
  /** The label at fault, where it is one: whoever knows where it is written can point at it. Hostile text. */
  readonly label?: string;
  /** The route at fault, where it is one: its name, or '' for the one written without a name. */
  readonly route?: string;
  /** The address it is about, where it is one that is or was to be listened on. */
  readonly listen?: string;
  /** One line, safe to print. */
  readonly message: string;
  /** The one next thing to do. */
  readonly fix: string;
}

/** What a problem's subject names, by the problem's code. */
type SubjectKind = 'container' | 'service' | 'upstream' | 'listener' | 'file' | 'setting';

const subjects = {
  'label-unknown': 'container',
  'label-malformed': 'container',
  'labels-differ': 'service',
  'port-unclear': 'container',
  'no-address': 'container',
  'no-shared-network': 'container',
  'not-on-network': 'container',
  'namespace-lost': 'container',
  'listen-conflict': 'service',
  'name-conflict': 'service',
  'listen-failed': 'listener',
  'name-unresolved': 'service',
  'scope-unknown': 'setting',
  'config-invalid': 'file',
  'certificate-missing': 'service',
  'certificate-unusable': 'file',
  'certificate-expiring': 'file',
  'never-ready': 'upstream',
  'all-suspect': 'service',
} as const satisfies Readonly<Record<string, SubjectKind>>;

export type ProblemCode = keyof typeof subjects;
export const problemCodes = Object.keys(subjects) as readonly ProblemCode[];

export function subjectOf(code: ProblemCode): SubjectKind {
  return subjects[code];
}

/**
 * Two problems are the same when all that a person would read is the same; but one about a whole service stays the same
 * while the replicas that it names come and go.
 */
export function problemKey({ code, containerId, subject, message }: Problem): string {
  return `${code}\0${containerId ?? ''}\0${subject}\0${code === 'all-suspect' ? '' : message}`;
}
