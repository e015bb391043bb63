import type { ContainerRun } from '../../catalog/declaration.ts';
import { taskStates, type SwarmNode, type SwarmSnapshot, type SwarmTask } from '../../docker/swarm/facts.ts';
import { printable } from '../../text/printable.ts';
import { isLabelledService } from './service-labels.ts';

/**
 * Says where a task is on its way. Pure.
 *
 * `waiting`: it is to run, and does not yet. `running`: it takes clients; a task with a health check runs only once it is
 * healthy. `stopping`: it runs, and is to end. `gone`: it has ended, or its node is down.
 */
export type TaskStage = 'waiting' | 'running' | 'stopping' | 'gone';

const running = taskStates.indexOf('running');

export function stageOf(
  { state, desiredState }: Pick<SwarmTask, 'state' | 'desiredState'>,
  node: SwarmNode | undefined,
): TaskStage {
  const at = (taskStates as readonly string[]).indexOf(state);
  if (at > running || node?.state === 'down') return 'gone';
  if (at === running) return isToEnd(desiredState) ? 'stopping' : 'running';
  return desiredState === 'running' || desiredState === 'complete' ? 'waiting' : 'gone';
}

/** A task that was to end is never wanted again. */
export function isToEnd(desiredState: string): boolean {
  return desiredState === 'shutdown' || desiredState === 'remove';
}

/** Why a task drains before it is sent its stop signal. */
export function endWanted(desiredState: string): string {
  return `its Swarm wants it to end (desired state: ${printable(desiredState)})`;
}

/** Whether the reason why a task was rejected is that its node has no image for it and gets none. */
export function isImageMissing(error: string): boolean {
  return /\bno such image\b|\bmanifest( for .*)? (unknown|not found)\b|\bpull access denied\b/i.test(error);
}

/**
 * Whether the task's process runs, as far as is known: that of a node that is down may, and any of a service may of whose
 * tasks no Swarm tells any more, since it lost its labels, was removed, or its managers are no longer watched.
 */
export function isTaskAlive(
  snapshot: SwarmSnapshot | undefined,
  { id, serviceId }: NonNullable<ContainerRun['task']>,
  labelPrefix: string,
): boolean {
  const task = snapshot?.tasks.get(id);
  if (task) return task.state === 'running';
  const service = snapshot?.services.get(serviceId);
  return !service || !isLabelledService(service, labelPrefix);
}
