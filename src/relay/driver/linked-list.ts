/**
 * Who is there, in order of arrival, for those who come and go by the thousand. A Set would do but for V8's collector: each
 * table that a Set outgrows points at the next one. Once one of them has grown old, all later tables, and everybody who
 * was in one of them, outlive every scavenge until the next major collection (measured: pauses of 10 ms instead of 0.2).
 * For the same reason a place that was left points at nobody.
 */
export class Roll<T> implements Iterable<T> {
  readonly #ends = new Place<T>(this, undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  join(member: T): Place<T> {
    const place = new Place<T>(this, member);
    place.before = this.#ends.before;
    place.after = this.#ends;
    place.before.after = place;
    this.#ends.before = place;
    this.#size += 1;
    return place;
  }

  /** False if nobody has that place here any more. */
  leave(place: Place<T> | undefined): boolean {
    if (!place || place.roll !== this) return false;
    place.before.after = place.after;
    place.after.before = place.before;
    place.before = place;
    place.after = place;
    place.roll = undefined;
    this.#size -= 1;
    return true;
  }

  /** Those who are there now: whoever comes or goes meanwhile does not disturb it. */
  [Symbol.iterator](): ArrayIterator<T> {
    const members: T[] = [];
    for (let place = this.#ends.after; place !== this.#ends; place = place.after)
      if (place.member !== undefined) members.push(place.member);
    return members[Symbol.iterator]();
  }
}

/** For whoever joined to keep. */
export class Place<T> {
  roll: Roll<T> | undefined;
  readonly member: T | undefined;
  before: Place<T> = this;
  after: Place<T> = this;

  constructor(roll: Roll<T>, member: T | undefined) {
    this.roll = roll;
    this.member = member;
  }
}
