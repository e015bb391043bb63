import type { Memory } from './libc.ts';

/**
 * The memory that small messages pass through. All sessions share one scratch chunk, since nearly every read is written
 * on at once; a session whose peer did not take all of it keeps the chunk, and another chunk becomes the scratch.
 */
const chunkSize = 64 * 1024;
const maxIdle = 64;

export class Chunks {
  readonly #allocate: (size: number) => Memory;
  readonly #idle: Memory[] = [];
  scratch: Memory;

  constructor(allocate: (size: number) => Memory) {
    this.#allocate = allocate;
    this.scratch = allocate(chunkSize);
  }

  /** Hands the scratch chunk to the caller, which owns it until `release`. */
  keepScratch(): Memory {
    const kept = this.scratch;
    this.scratch = this.#idle.pop() ?? this.#allocate(chunkSize);
    return kept;
  }

  release(chunk: Memory): void {
    if (this.#idle.length < maxIdle) this.#idle.push(chunk);
  }
}
