/**
 * How long it takes from an engine's event to the routing table that has it. Only events that changed something count:
 * they are followed from the moment they were heard until what they changed is published. No clock inside.
 */
const mostWaiting = 10_000;

export class DiscoveryLag {
  readonly #observe: (lagMs: number) => void;
  /** By container: the earliest event that has not led to anything yet, in milliseconds since the epoch. */
  readonly #heard = new Map<string, number>();
  #changedSinceMs: number | undefined;

  constructor(observe: (lagMs: number) => void) {
    this.#observe = observe;
  }

  heard(containerId: string, atMs: number): void {
    if (this.#heard.size >= mostWaiting) this.#heard.clear();
    if (!this.#heard.has(containerId)) this.#heard.set(containerId, atMs);
  }

  /** What is known of the container is different now. */
  changed(containerId: string): void {
    const atMs = this.#heard.get(containerId);
    this.#heard.delete(containerId);
    if (atMs !== undefined) this.#changedSinceMs = Math.min(this.#changedSinceMs ?? atMs, atMs);
  }

  /** What was heard of the container led to nothing: it must not date what happens to it later. */
  settled(containerId: string): void {
    this.#heard.delete(containerId);
  }

  /** A table was published. */
  published(nowMs: number): void {
    // The engine's clock may be ahead of ours.
    if (this.#changedSinceMs !== undefined) this.#observe(Math.max(0, nowMs - this.#changedSinceMs));
    this.#changedSinceMs = undefined;
  }

  /** The catalog was computed and came to the same table: the event meant nothing to the relay. */
  unchanged(): void {
    this.#changedSinceMs = undefined;
  }
}
