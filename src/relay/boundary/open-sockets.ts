/**
 * The sockets that the relay's threads have open, out of those that the process may have. All threads draw on one
 * budget, so that no thread is refused a socket that another does not need. Each thread writes a cell of its own; a
 * thread that starts anew begins at 0.
 */
export interface SocketMemory {
  readonly cells: Int32Array<SharedArrayBuffer>;
  readonly most: number;
}

export function createSocketMemory(threads: number, most: number): SocketMemory {
  return { cells: new Int32Array(new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT)), most };
}

export class OpenSockets {
  readonly #cells: Int32Array;
  readonly #most: number;
  readonly #own: number;

  constructor({ cells, most }: SocketMemory = createSocketMemory(1, Infinity), own = 0) {
    this.#cells = cells;
    this.#most = most;
    this.#own = own;
    cells[own] = 0;
  }

  /** The number of open sockets of all threads. */
  get count(): number {
    let count = 0;
    for (const cell of this.#cells) count += cell;
    return count;
  }

  get hasRoom(): boolean {
    return this.count < this.#most;
  }

  /**
   * True if there is room for a client and its upstream. Many clients that were let in to wait may still find no room
   * when upstreams are dialed for all of them at once.
   */
  get hasRoomForClient(): boolean {
    return this.count + 2 <= this.#most;
  }

  opened(): void {
    this.#cells[this.#own] = (this.#cells[this.#own] ?? 0) + 1;
  }

  closed(): void {
    this.#cells[this.#own] = (this.#cells[this.#own] ?? 0) - 1;
  }
}
