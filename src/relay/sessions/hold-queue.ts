/**
 * Those who wait, by order of arrival. One who comes back after a failed release gets its old place; leaving costs the
 * same from anywhere. A doubly linked list, since clients leave from the middle all the time.
 */
export interface Waiting {
  readonly turn: number;
}

interface Place<T> {
  readonly who: T;
  before: Place<T> | undefined;
  after: Place<T> | undefined;
}

export class HoldQueue<T extends Waiting> {
  readonly #places = new Map<T, Place<T>>();
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get size(): number {
    return this.#places.size;
  }

  get first(): T | undefined {
    return this.#first?.who;
  }

  has(who: T): boolean {
    return this.#places.has(who);
  }

  /** False if it was waiting already. */
  join(who: T): boolean {
    if (this.#places.has(who)) return false;
    // From the end: nearly always the newcomer is the latest.
    let before = this.#last;
    while (before && before.who.turn > who.turn) before = before.before;
    const after = before ? before.after : this.#first;
    const place: Place<T> = { who, before, after };
    if (before) before.after = place;
    else this.#first = place;
    if (after) after.before = place;
    else this.#last = place;
    this.#places.set(who, place);
    return true;
  }

  /** False if it was not waiting. */
  leave(who: T): boolean {
    const place = this.#places.get(who);
    if (!place) return false;
    this.#places.delete(who);
    if (place.before) place.before.after = place.after;
    else this.#first = place.after;
    if (place.after) place.after.before = place.before;
    else this.#last = place.before;
    // As in a roll: see there.
    place.before = undefined;
    place.after = undefined;
    return true;
  }

  /** Everyone, in order; whoever comes or goes meanwhile does not disturb it. */
  everyone(): readonly T[] {
    const all: T[] = [];
    for (let place = this.#first; place; place = place.after) all.push(place.who);
    return all;
  }
}
