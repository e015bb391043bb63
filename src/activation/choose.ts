import { compareNatural } from '../text/natural-order.ts';
import { isReplaced } from './dependencies.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * Chooses the container that is woken for a service: one at a time, and another one only where those that are awake are
 * crowded. Pure.
 */
export type Choice =
  /** No container is asleep, or one that is awake takes the clients. */
  | { readonly kind: 'none' }
  /** A container is on its way; the question is asked again when it has come. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'wake'; readonly container: RestContainer };

export interface Restlessness {
  /** Whether the container is being started, or put to sleep. */
  readonly isMoving: (id: string) => boolean;
  /** Whether it began to run a short time ago, and may yet become ready. */
  readonly isYoung: (id: string) => boolean;
  /** Whether it must not be started yet: its last start failed, or it was stopped a moment ago. */
  readonly mustRest: (id: string) => boolean;
}

/** The services with a container asleep, whose clients wait or whose containers that are awake are crowded. */
export function pressedServices({ containers, heldOf }: RestWorld): readonly string[] {
  const members = [...containers.values()];
  const services = new Set(members.flatMap((one) => (isAsleep(one) && one.sleep ? one.services : [])));
  return [...services].filter((service) => {
    if (heldOf(service) > 0) return true;
    const ready = members.filter((one) => isChosen(one, service));
    return ready.length > 0 && !ready.some(({ hasRoom }) => hasRoom);
  });
}

/** Whether the container is one of those that get the service's clients now. */
export function isChosen({ state, isReady, takesClients, services }: RestContainer, service: string): boolean {
  return state === 'running' && isReady && takesClients && services.includes(service);
}

export function chooseFor(
  service: string,
  { containers }: Pick<RestWorld, 'containers'>,
  { isMoving, isYoung, mustRest }: Restlessness,
): Choice {
  const members = [...containers.values()].filter((one) => one.services.includes(service));
  if (members.some(({ id }) => isMoving(id))) return { kind: 'wait' };
  const awake = members.filter((one) => one.state === 'running');
  if (awake.some(({ isReady, hasRoom }) => isReady && hasRoom)) return { kind: 'none' };
  // One that has been unfit for long keeps no other one asleep.
  if (awake.some(({ id, isReady }) => !isReady && isYoung(id))) return { kind: 'wait' };
  const asleep = members.filter((one) => isAsleep(one) && one.sleep && !isReplaced(one, containers));
  if (asleep.length === 0) return { kind: 'none' };
  const [container] = asleep.filter(({ id }) => !mustRest(id)).toSorted((a, b) => compareNatural(a.name, b.name));
  return container ? { kind: 'wake', container } : { kind: 'wait' };
}
