import type { ConnectRate } from './table.ts';
import { ClientCells, createClientCellMemory, type ClientCellMemory } from './client-cells.ts';

/**
 * How fast each client opens sessions with each service, over all relay threads: a token bucket, kept as the one moment
 * at which it is full again (GCRA; ITU-T I.371). A full bucket carries no information, and its cell is free.
 */
export interface ClientRateMemory extends ClientCellMemory {
  /** BigInt64[cell]: microseconds since the epoch at which the cell's bucket is full. */
  readonly fullAt: SharedArrayBuffer;
}

/** The default number of cells: many more than clients open sessions within the time that it takes a bucket to fill. */
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

  /** Takes a token; false when there is none. `nowMs` is the clock of all threads: milliseconds since the epoch. */
  admit(service: string, client: string, { perSecond, burst }: ConnectRate, nowMs: number): boolean {
    this.#nowUs = Math.round(nowMs * 1_000);
    const cell = this.#cells.claim(service, client);
    // Without a cell the client is treated as if it came for the first time.
    if (cell === undefined) return true;
    const tokenUs = Math.max(1, Math.round(1_000_000 / perSecond));
    const emptyUs = this.#nowUs + burst * tokenUs;
    for (;;) {
      const before = this.#read(cell);
      // A bucket that is further from full than an empty one means that the clock was set back or the rate was changed:
      // it starts full again.
      const after = (before > emptyUs ? this.#nowUs : Math.max(before, this.#nowUs)) + tokenUs;
      if (after > emptyUs) return false;
      if (Atomics.compareExchange(this.#fullAt, cell, BigInt(before), BigInt(after)) === BigInt(before)) return true;
    }
  }

  #read(cell: number): number {
    return Number(Atomics.load(this.#fullAt, cell));
  }
}
