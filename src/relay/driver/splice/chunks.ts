import type { Memory } from './libc.ts';

/**
 * The memory that small messages pass through: one scratch chunk for all sessions, as nearly every read is written on at
 * once. A session whose peer did not take it all keeps the chunk, and another becomes the scratch.
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

  /** The scratch now belongs to the caller, until given back. */
  keepScratch(): Memory {
    const kept = this.scratch;
    this.scratch = this.#idle.pop() ?? this.#allocate(chunkSize);
    return kept;
  }

  release(chunk: Memory): void {
    if (this.#idle.length < maxIdle) this.#idle.push(chunk);
  }
}
