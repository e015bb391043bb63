import { dependentsOf } from './dependencies.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * Decides which containers may be put to sleep. Pure.
 */
export interface IdleKnowledge {
  /** When the container was last in use, or was found awake. */
  readonly usedAtMs: (id: string) => number;
  /** Since when it is in its present state. */
  readonly sinceMs: (id: string) => number;
  /** Whether it was started for another one, or for one that sleeps by now, and has no sleep plan of its own. */
  readonly isCompanion: (id: string) => boolean;
  /** Whether it is being started or put to sleep, or is needed by one that is being started. */
  readonly isBusy: (id: string) => boolean;
}

export interface Idle {
  readonly container: RestContainer;
  /** Why it is put to sleep, for people. */
  readonly because: 'unused' | 'unneeded';
}

/** Compose takes less from the end of a container to the start of the one that it makes in its place. */
const unneededForMs = 10_000;

/** The containers that have been idle for long enough. One that another one needs stays awake with it, and a moment longer. */
export function idleContainers(
  { containers, heldOf }: RestWorld,
  known: IdleKnowledge,
  nowMs: number,
): readonly Idle[] {
  const idle: Idle[] = [];
  for (const container of containers.values()) {
    const { id, state, sleep, sessions, services } = container;
    if (state !== 'running' || known.isBusy(id) || sessions > 0) continue;
    const dueAtMs = sleep ? known.usedAtMs(id) + sleep.afterMs : known.isCompanion(id) ? nowMs : Infinity;
    if (nowMs < dueAtMs || services.some((service) => heldOf(service) > 0)) continue;
    const isNeeded = (one: RestContainer): boolean => !isAsleep(one) || nowMs - known.sinceMs(one.id) < unneededForMs;
    if (dependentsOf(container, containers).some(isNeeded)) continue;
    if (services.some((service) => leavesCrowd(container, service, containers))) continue;
    idle.push({ container, because: sleep ? 'unused' : 'unneeded' });
  }
  return idle;
}

/** Whether the other containers of the service that are awake are crowded: this one would be woken at once. */
function leavesCrowd(container: RestContainer, service: string, containers: RestWorld['containers']): boolean {
  const others = [...containers.values()].filter(
    (one) => one !== container && one.state === 'running' && one.isReady && one.services.includes(service),
  );
  return others.length > 0 && !others.some(({ hasRoom }) => hasRoom);
}
