import type { Problem, ProblemCode } from '../problem.ts';
import type { Cause, Diagnosis } from './explanation.ts';

/**
 * The causes of problems, and the diagnosis of what can't be reached. Pure.
 */
/** The cause for each problem; several label problems share one cause, and so do several certificate problems. */
const causes: Readonly<Record<ProblemCode, Cause>> = {
  'label-unknown': 'label-mistake',
  'label-malformed': 'label-mistake',
  'labels-differ': 'labels-differ',
  'action-not-allowed': 'action-not-allowed',
  'sleep-impossible': 'label-mistake',
  'port-unclear': 'port-unclear',
  'no-address': 'no-address',
  'no-shared-network': 'no-shared-network',
  'no-shared-overlay': 'no-shared-overlay',
  'not-on-network': 'not-on-network',
  'network-not-left': 'network-not-left',
  'namespace-lost': 'namespace-lost',
  'task-pending': 'task-pending',
  'task-failing': 'task-failing',
  'image-missing': 'image-missing',
  'node-down': 'node-down',
  'swarm-unreachable': 'swarm-unreachable',
  'listen-conflict': 'listen-conflict',
  'name-conflict': 'name-conflict',
  'listen-failed': 'listen-failed',
  'name-unresolved': 'name-unresolved',
  'upstream-loops': 'upstream-loops',
  'scope-unknown': 'scope-unknown',
  'engine-unreachable': 'engine-unreachable',
  'engine-twice': 'engine-twice',
  'engines-overlap': 'engines-overlap',
  'config-invalid': 'config-invalid',
  'certificate-missing': 'certificate',
  'certificate-shared': 'certificate',
  'certificate-unusable': 'certificate',
  'certificate-expiring': 'certificate',
  'never-ready': 'never-ready',
  paused: 'paused',
  'wake-failed': 'wake-failed',
  unhealthy: 'check-failing',
  'crash-loop': 'restarting',
  'all-suspect': 'all-suspect',
};

export function causeOf({ code }: Problem): Cause {
  return causes[code];
}

export function bad(cause: Cause, summary: string, next: string): Diagnosis {
  return { verdict: 'unreachable', cause, summary, next };
}
