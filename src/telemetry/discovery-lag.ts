/**
 * Measures the time from an engine's event to the routing table that contains its change. Only events that changed
 * something count: the time runs from when they happened, by this machine's clock, until the change is published. Callers pass times in.
 */
const mostWaiting = 10_000;

export class DiscoveryLag {
  readonly #observe: (lagMs: number) => void;
  /** The time of the earliest unsettled event of each container, in milliseconds since the Unix epoch. */
  readonly #heard = new Map<string, number>();
  #changedSinceMs: number | undefined;

  constructor(observe: (lagMs: number) => void) {
    this.#observe = observe;
  }

  heard(containerId: string, atMs: number): void {
    if (this.#heard.size >= mostWaiting) this.#heard.clear();
    if (!this.#heard.has(containerId)) this.#heard.set(containerId, atMs);
  }

  /** The facts about the container changed. */
  changed(containerId: string): void {
    const atMs = this.#heard.get(containerId);
    this.#heard.delete(containerId);
    if (atMs !== undefined) this.#changedSinceMs = Math.min(this.#changedSinceMs ?? atMs, atMs);
  }

  /** The container's events changed nothing, so that a later change must not be dated by them. */
  settled(containerId: string): void {
    this.#heard.delete(containerId);
  }

  /** A table was published. */
  published(nowMs: number): void {
    // What is known of the engine's clock has an error.
    if (this.#changedSinceMs !== undefined) this.#observe(Math.max(0, nowMs - this.#changedSinceMs));
    this.#changedSinceMs = undefined;
  }

  /** The catalog was computed and the table stayed the same: the events do not concern the relay. */
  unchanged(): void {
    this.#changedSinceMs = undefined;
  }
}
