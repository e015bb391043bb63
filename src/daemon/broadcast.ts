/**
 * One kind of event, with its listeners. A broadcast is made before the parts that tell the event and before those that
 * listen, so that no part needs another that is not built yet. An event without a listener is lost.
 */
export class Broadcast<Event extends readonly unknown[] = []> {
  readonly #listeners: ((...event: Event) => void)[] = [];

  /** Adds a listener; listeners are called in the order in which they were added. */
  on(listener: (...event: Event) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls all listeners now. */
  readonly tell = (...event: Event): void => {
    for (const listener of this.#listeners) listener(...event);
  };
}
