import { isChosen } from './choose.ts';
import { dependentsOf, inOrder } from './dependencies.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * Decides which containers may be put to sleep. Pure.
 */
export interface IdleKnowledge {
  /** When the container was last in use, or was found awake; of a companion, when one that needs it last was awake. */
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
    if (container.state !== 'running' || !isUnused(container)) continue;
    const ownNeeds = new Set(inOrder(container, containers));
    // Those that need one another sleep together: one that is awake, but not in use, keeps no other one awake.
    const isNeeded = (one: RestContainer): boolean =>
      isAsleep(one) ? nowMs - known.sinceMs(one.id) < unneededForMs : !ownNeeds.has(one) || !isUnused(one);
    if (dependentsOf(container, containers).some(isNeeded)) continue;
    if (container.services.some((service) => leavesCrowd(container, service, containers))) continue;
    idle.push({ container, because: container.sleep ? 'unused' : 'unneeded' });
  }
  return idle;

  function isUnused({ id, sleep, sessions, services }: RestContainer): boolean {
    if (known.isBusy(id) || sessions > 0 || services.some((service) => heldOf(service) > 0)) return false;
    const afterMs = sleep ? sleep.afterMs : known.isCompanion(id) ? unneededForMs : Infinity;
    return nowMs >= known.usedAtMs(id) + afterMs;
  }
}

/** Whether the other containers of the service that are awake are crowded: this one would be woken at once. */
function leavesCrowd(container: RestContainer, service: string, containers: RestWorld['containers']): boolean {
  const others = [...containers.values()].filter((one) => one !== container && isChosen(one, service));
  return others.length > 0 && !others.some(({ hasRoom }) => hasRoom);
}
