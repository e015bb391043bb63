/**
 * A list of events in order, and a way to wait for events to come.
 */
export class Feed<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<{ readonly wanted: (item: T) => boolean; readonly resolve: (item: T) => void }>();

  push(item: T): void {
    this.all.push(item);
    for (const waiter of this.#waiting) {
      if (!waiter.wanted(item)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(item);
    }
  }

  /** The first event that `wanted` accepts, past or to come. */
  find(wanted: (item: T) => boolean): Promise<T> {
    const known = this.all.find(wanted);
    if (known !== undefined) return Promise.resolve(known);
    return this.next(wanted);
  }

  /** The first event from now on that `wanted` accepts. */
  next(wanted: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve) => void this.#waiting.add({ wanted, resolve }));
  }
}
