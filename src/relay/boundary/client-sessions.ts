import { ClientCells, createClientCellMemory, type ClientCellMemory } from './client-cells.ts';

/**
 * How many sessions each client has with each service, over all relay threads. As in `counters.ts` every count has one
 * writer, so the counts of a thread that died can be cleared.
 */
export interface ClientSessionMemory extends ClientCellMemory {
  /** Int32[cell][worker] */
  readonly counts: SharedArrayBuffer;
  readonly workers: number;
}

/** The default number of cells: many more than clients that have sessions with one machine at once. */
const defaultCells = 65_536;

export function createClientSessionMemory(workers: number, seed: number, cells = defaultCells): ClientSessionMemory {
  return { ...createClientCellMemory(cells, seed), counts: new SharedArrayBuffer(cells * workers * 4), workers };
}

/** The cell that a session was counted in; to be released once. */
export type CountedCell = number;

/** The cell of a client that found none: the client is not counted, rather than rejected. */
const uncounted = -1;

export class ClientSessions {
  readonly #counts: Int32Array;
  readonly #workers: number;
  readonly #worker: number;
  readonly #cells: ClientCells;

  constructor(memory: ClientSessionMemory, worker: number) {
    this.#counts = new Int32Array(memory.counts);
    this.#workers = memory.workers;
    this.#worker = worker;
    this.#cells = new ClientCells(memory, (cell) => this.#sum(cell) === 0);
  }

  /**
   * Counts a session of `client`, an IP address; undefined where the client is at its limit. Of two threads that race
   * for the last place, neither may get it.
   */
  acquire(service: string, client: string, limit: number): CountedCell | undefined {
    const cell = this.#cells.claim(service, client);
    if (cell === undefined) return uncounted;
    this.#add(cell, 1);
    if (this.#sum(cell) <= limit) return cell;
    this.#add(cell, -1);
    return undefined;
  }

  release(cell: CountedCell): void {
    if (cell !== uncounted) this.#add(cell, -1);
  }

  /** Clears the thread's counts after it has died, before its successor starts. */
  clear(): void {
    for (let at = this.#worker; at < this.#counts.length; at += this.#workers) Atomics.store(this.#counts, at, 0);
  }

  #add(cell: number, by: 1 | -1): void {
    Atomics.add(this.#counts, cell * this.#workers + this.#worker, by);
  }

  #sum(cell: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++)
      sum += Atomics.load(this.#counts, cell * this.#workers + worker);
    return sum;
  }
}
