import type { ConnectRate } from './table.ts';
import { ClientCells, createClientCellMemory, type ClientCellMemory } from './client-cells.ts';

/**
 * How fast each client opens sessions with each service, over all workers: a token bucket, kept as one moment (GCRA; ITU-T
 * I.371): the one at which the bucket is full again. A bucket that is full says nothing, and its cell is free.
 */
export interface ClientRateMemory extends ClientCellMemory {
  /** BigInt64[cell]: microseconds since the epoch at which its bucket is full. */
  readonly fullAt: SharedArrayBuffer;
}

/** Many more clients than open sessions within the time that it takes a bucket to fill. */
const defaultCells = 65_536;

export function createClientRateMemory(seed: number, cells = defaultCells): ClientRateMemory {
  return { ...createClientCellMemory(cells, seed), fullAt: new SharedArrayBuffer(cells * 8) };
}

export class ClientRates {
  readonly #fullAt: BigInt64Array;
  readonly #cells: ClientCells;
  #nowUs = 0;

  constructor(memory: ClientRateMemory) {
    this.#fullAt = new BigInt64Array(memory.fullAt);
    this.#cells = new ClientCells(memory, (cell) => this.#read(cell) <= this.#nowUs);
  }

  /** Takes a token; false when there is none. Time is that of all threads: milliseconds since the epoch. */
  admit(service: string, client: string, { perSecond, burst }: ConnectRate, nowMs: number): boolean {
    this.#nowUs = Math.round(nowMs * 1_000);
    const cell = this.#cells.claim(service, client);
    // Nowhere to remember it: as if it came for the first time.
    if (cell === undefined) return true;
    const tokenUs = Math.max(1, Math.round(1_000_000 / perSecond));
    const emptyUs = this.#nowUs + burst * tokenUs;
    for (;;) {
      const before = this.#read(cell);
      // Further ahead than an empty bucket's: the clock was set back, or the rate was changed. It begins anew.
      const after = (before > emptyUs ? this.#nowUs : Math.max(before, this.#nowUs)) + tokenUs;
      if (after > emptyUs) return false;
      if (Atomics.compareExchange(this.#fullAt, cell, BigInt(before), BigInt(after)) === BigInt(before)) return true;
    }
  }

  #read(cell: number): number {
    return Number(Atomics.load(this.#fullAt, cell));
  }
}
