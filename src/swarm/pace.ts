/**
 * When a Swarm is asked for its tasks again. Tasks have no events of their own, so that they are polled: closely while
 * something moves, else once a second. Pure.
 *
 * A manager spends most of a call's duration on it, so that the duration bounds how often it is asked: a poll may keep it
 * busy for a tenth of the time while something moves, and for a twentieth at rest. A manager that is busy with other work
 * takes longer without working more: just while it starts tasks, a poll may be under way for half of the time.
 */
const closelyMs = 25;
const restMs = 1000;
const closelyPerDuration = 10;
const restPerDuration = 20;
const leastSlowMs = 1000;
const slowPerDuration = 3;
/**
 * What has not moved for long will hardly move in the next moment: a task that waits for a node is asked for as rarely as at
 * rest after 4 minutes. A poll sees a change after an additional 0.4 % of the time that it took at most.
 */
const patience = 250;

/** How long a service is polled closely after something happened to it: the Swarm acts on a change within 0.3 s. */
export const stirredForMs = 2000;

/** The pause after a poll, where something moves that was last seen to change `quietMs` ago. */
export function closePauseMs(durations: Durations, quietMs: number): number {
  const { usualMs, lastMs } = durations;
  return Math.max(closelyMs, closelyPerDuration * usualMs, lastMs, Math.min(restMs, quietMs / patience));
}

/** The pause after a poll of all tasks that took `tookMs`. */
export function restPauseMs(tookMs: number): number {
  return Math.max(restMs, restPerDuration * tookMs);
}

/** The shortest pause before a poll that something asked for: a burst of events leads to one. */
export function hintPauseMs(tookMs: number): number {
  return Math.max(closelyMs, tookMs);
}

/** After this time a poll counts as one that is most likely not answered, where that of all tasks took `tookMs`. */
export function slowMs(tookMs: number): number {
  return Math.max(leastSlowMs, slowPerDuration * tookMs);
}

/** How long the polls of one kind took lately. */
export class Durations {
  readonly #recent: number[] = [];

  add(tookMs: number): void {
    this.#recent.push(tookMs);
    if (this.#recent.length > remembered) this.#recent.shift();
  }

  get lastMs(): number {
    return this.#recent.at(-1) ?? 0;
  }

  /** What a poll takes where nothing delays it; 0 before the first one. */
  get usualMs(): number {
    return this.#recent.length === 0 ? 0 : Math.min(...this.#recent);
  }
}

const remembered = 8;
