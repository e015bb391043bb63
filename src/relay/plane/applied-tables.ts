/**
 * The versions of the routing table that the relay threads have applied.
 */
export class AppliedTables {
  /** By thread; 0 for one that has not started, or died. */
  readonly #versions: number[];
  /** How many of the threads there are, which may become more. */
  readonly #threads: () => number;
  readonly #waiting = new Map<() => void, number>();

  constructor(most: number, threads: () => number) {
    this.#versions = Array.from({ length: most }, () => 0);
    this.#threads = threads;
  }

  /** The highest version that every thread has applied. */
  get byAll(): number {
    return Math.min(...this.#versions.slice(0, this.#threads()));
  }

  set(worker: number, version: number): void {
    this.#versions[worker] = version;
    const { byAll } = this;
    for (const [resolve, wanted] of this.#waiting) {
      if (wanted > byAll) continue;
      this.#waiting.delete(resolve);
      resolve();
    }
  }

  /** Resolves once every thread has applied this version, or a later one. */
  async untilAll(version: number): Promise<void> {
    if (this.byAll >= version) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(resolve, version);
    return promise;
  }
}
