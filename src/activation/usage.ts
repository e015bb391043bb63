import type { RestContainer, RestWorld } from './world.ts';

/**
 * Remembers of each container what one look at the world does not show: when it was last in use, when it fell asleep, and
 * whether it was stopped by hand a moment ago. Has no clock.
 */
interface Known {
  readonly state: RestContainer['state'];
  readonly startedAtNs: bigint;
  readonly sessionsSoFar: number;
  readonly sinceMs: number;
  readonly usedAtMs: number;
  /** Until when it is not started for a client: what stopped it may be about to remove or to start it. */
  readonly restsUntilMs: number;
}

export interface Ended {
  readonly container: RestContainer;
  /** How long it ran, in milliseconds. */
  readonly ranMs: number;
}

/** `compose up` and `docker restart` take less from the end of a container to the start of the next. */
const restMs = 3_000;
/** For so long a container that is not ready yet counts as starting, and so as in use. */
const startingMs = 300_000;

export class Usage {
  readonly #known = new Map<string, Known>();
  #sleptMs = 0;
  #followedMs: number | undefined;

  /** Returns the containers that have ended since, and were not put to sleep. */
  follow({ containers, heldOf }: RestWorld, isPutToSleep: (id: string) => boolean, nowMs: number): readonly Ended[] {
    const ended: Ended[] = [];
    const passedMs = nowMs - (this.#followedMs ?? nowMs);
    const isFirst = this.#followedMs === undefined;
    this.#followedMs = nowMs;
    for (const id of this.#known.keys()) if (!containers.has(id)) this.#known.delete(id);
    for (const [id, container] of containers) {
      const { state, startedAtNs, sessionsSoFar, sessions, services, isReady } = container;
      const before = this.#known.get(id);
      const isSame = before?.state === state && before.startedAtNs === startedAtNs;
      const isStarting = isSame && state === 'running' && !isReady && nowMs - before.sinceMs < startingMs;
      const isUsed = isStarting || sessions > 0 || services.some((service) => heldOf(service) > 0);
      const usedAtMs =
        !isSame || isUsed || (state === 'running' && sessionsSoFar !== before.sessionsSoFar) ? nowMs : before.usedAtMs;
      let restsUntilMs = before?.restsUntilMs ?? 0;
      if (!isSame && state === 'stopped') {
        const byHand = container.wasStopped === true && before !== undefined && !isPutToSleep(id);
        if (byHand || (container.isNew && !isFirst)) restsUntilMs = nowMs + restMs;
        if (before?.state === 'running' && !isPutToSleep(id)) ended.push({ container, ranMs: nowMs - before.sinceMs });
      }
      if (isSame && state !== 'running' && container.sleep) this.#sleptMs += passedMs;
      const sinceMs = isSame ? before.sinceMs : nowMs;
      this.#known.set(id, { state, startedAtNs, sessionsSoFar, sinceMs, usedAtMs, restsUntilMs });
    }
    return ended;
  }

  usedAtMs(id: string): number {
    return this.#known.get(id)?.usedAtMs ?? Infinity;
  }

  /** It counts as in use until now. */
  touch(id: string, nowMs: number): void {
    const known = this.#known.get(id);
    if (known) this.#known.set(id, { ...known, usedAtMs: nowMs });
  }

  /** Since when it is in its present state. */
  sinceMs(id: string): number | undefined {
    return this.#known.get(id)?.sinceMs;
  }

  rests(id: string, nowMs: number): boolean {
    return (this.#known.get(id)?.restsUntilMs ?? 0) > nowMs;
  }

  /** How long all containers with a sleep plan have been asleep, together, in milliseconds. */
  get sleptMs(): number {
    return this.#sleptMs;
  }
}
