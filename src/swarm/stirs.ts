/**
 * Remembers when something last happened to each service of a Swarm, and to all of them.
 */
export class Stirs {
  readonly #services = new Map<string, number>();
  #allMs = -Infinity;

  /** How many services are remembered. */
  get size(): number {
    return this.#services.size;
  }

  service(id: string, nowMs: number): void {
    this.#services.set(id, nowMs);
  }

  all(nowMs: number): void {
    this.#allMs = nowMs;
  }

  /** When something last happened to the service; -Infinity where nothing is remembered. */
  lastMs(id: string): number {
    return Math.max(this.#services.get(id) ?? -Infinity, this.#allMs);
  }

  /** Forgets all other services: one may be created and removed again between two looks. */
  keep(isWanted: (id: string) => boolean): void {
    for (const id of this.#services.keys()) if (!isWanted(id)) this.#services.delete(id);
  }
}
