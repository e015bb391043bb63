import { ClientCells, createClientCellMemory, type ClientCellMemory } from './client-cells.ts';

/**
 * How many sessions each client has with each service, over all workers. As in `counters.ts` every count has one writer,
 * so a worker that died takes its own with it.
 */
export interface ClientSessionMemory extends ClientCellMemory {
  /** Int32[cell][worker] */
  readonly counts: SharedArrayBuffer;
  readonly workers: number;
}

/** Many more clients than have sessions with one machine at once. */
const defaultCells = 65_536;

export function createClientSessionMemory(workers: number, seed: number, cells = defaultCells): ClientSessionMemory {
  return { ...createClientCellMemory(cells, seed), counts: new SharedArrayBuffer(cells * workers * 4), workers };
}

/** The cell that a client was counted in; to be released once. */
export type CountedCell = number;

/** For a client that found no cell: it is not counted, rather than rejected. */
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

  /** `client` is its IP address. Undefined: it has as many sessions as it may have. Of two that race for the last, neither may get it. */
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

  /** After the worker has died, before its successor starts. */
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
