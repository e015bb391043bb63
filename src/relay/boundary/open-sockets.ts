/**
 * The sockets that the relay's threads may need, out of those that the process may have. All threads draw on one
 * budget, so that no thread is refused a socket that another does not need. A client counts twice from its accept on,
 * since it will need a socket for its upstream: no client is accepted that could not be dialed for.
 *
 * Each thread writes a cell of its own; a thread that starts anew begins at 0. Clients on their way from one thread to
 * another count in the last cell, which all threads write.
 */
export interface SocketMemory {
  readonly cells: Int32Array<SharedArrayBuffer>;
  readonly most: number;
}

/** The sockets of one client: its own, and that of its upstream. */
const socketsOfClient = 2;

export function createSocketMemory(threads: number, most: number): SocketMemory {
  return { cells: new Int32Array(new SharedArrayBuffer((threads + 1) * Int32Array.BYTES_PER_ELEMENT)), most };
}

export class OpenSockets {
  readonly #cells: Int32Array;
  readonly #most: number;
  readonly #own: number;
  /** The cell of the clients on their way. */
  readonly #onTheWay: number;

  constructor({ cells, most }: SocketMemory = createSocketMemory(1, Infinity), own = 0) {
    this.#cells = cells;
    this.#most = most;
    this.#own = own;
    this.#onTheWay = cells.length - 1;
    cells[own] = 0;
  }

  /** The number of sockets of all threads, those that clients will need among them. */
  get count(): number {
    let count = 0;
    for (const cell of this.#cells) count += cell;
    return count;
  }

  get hasRoom(): boolean {
    return this.count < this.#most;
  }

  /**
   * True while more than half of the sockets are free. Work that belongs to no session, such as a delivery, may use only
   * those, so that sessions always find some.
   */
  get hasRoomToSpare(): boolean {
    return this.hasSpare(1);
  }

  /** True if at least half of the sockets stay free when so many more are taken. */
  hasSpare(count: number): boolean {
    return this.count + count <= Math.ceil(this.#most / 2);
  }

  /** True if there is room for a client and its upstream. */
  get hasRoomForClient(): boolean {
    return this.count + socketsOfClient <= this.#most;
  }

  /** The message that there is no room for another client. `consequence`: what happens to clients, in a few words. */
  fullMessage(consequence: string): string {
    return `the limit of open files leaves ${this.#most} sockets, and all are taken, so ${consequence}; raise it (ulimit -n)`;
  }

  /** Descriptors that no client needs were opened: a listener's socket, a delivery's, those of the bulk thread. */
  otherOpened(count = 1): void {
    this.#add(count);
  }

  /**
   * A delivery is to open its socket, which may be one that is kept for sessions only if it `hasRoom`. False, without any
   * effect, where it may not.
   */
  deliveryOpened(hasRoom: boolean): boolean {
    if (!hasRoom && !this.hasRoomToSpare) return false;
    this.otherOpened();
    return true;
  }

  otherClosed(count = 1): void {
    this.#add(-count);
  }

  clientOpened(): void {
    this.#add(socketsOfClient);
  }

  clientClosed(): void {
    this.#add(-socketsOfClient);
  }

  /** A client of this thread is on its way to another one. */
  clientReleased(): void {
    // The client is never counted too low, so that no other takes its place meanwhile.
    Atomics.add(this.#cells, this.#onTheWay, socketsOfClient);
    this.#add(-socketsOfClient);
  }

  /** A client from another thread has arrived in this one. */
  clientAdopted(): void {
    this.#add(socketsOfClient);
    this.clientDisowned();
  }

  /** A client on its way was closed. */
  clientDisowned(): void {
    Atomics.sub(this.#cells, this.#onTheWay, socketsOfClient);
  }

  /**
   * Counts one more socket while there are two dials for a client: to be called after each change of its dials, with
   * the result of the call before, which was false at first.
   */
  countSecondDial(hadTwo: boolean, one: object | undefined, other: object | undefined): boolean {
    const hasTwo = one !== undefined && other !== undefined;
    if (hasTwo !== hadTwo) this.#add(hasTwo ? 1 : -1);
    return hasTwo;
  }

  #add(count: number): void {
    this.#cells[this.#own] = (this.#cells[this.#own] ?? 0) + count;
  }
}
