import { fnv1a, mix } from './hash.ts';

/**
 * Which cell of a shared table belongs to a client of a service. The table has a fixed size, however many clients there
 * are: a client's key points at a handful of neighbouring cells, and it gets the first free one. All threads search the
 * same cells, so two threads find the same cell for the same client. (Where a cell is claimed in the very moment in
 * which its last owner comes back, one session counts for the wrong one of the two.)
 */
export interface ClientCellMemory {
  /** Int32[cell]: a fingerprint of the cell's owner; 0 where the cell had none yet. */
  readonly owners: SharedArrayBuffer;
  readonly cells: number;
  /** A random seed, so that clients can't choose addresses that meet in the same cells. */
  readonly seed: number;
}

const neighbours = 8;

export function createClientCellMemory(cells: number, seed: number): ClientCellMemory {
  return { owners: new SharedArrayBuffer(cells * 4), cells, seed };
}

export class ClientCells {
  readonly #owners: Int32Array;
  readonly #buckets: number;
  readonly #seed: number;
  readonly #isFree: (cell: number) => boolean;

  constructor({ owners, cells, seed }: ClientCellMemory, isFree: (cell: number) => boolean) {
    this.#owners = new Int32Array(owners);
    this.#buckets = Math.floor(cells / neighbours);
    this.#seed = seed;
    this.#isFree = isFree;
  }

  /** The client's cell; undefined where all its possible cells belong to others. */
  claim(service: string, client: string): number | undefined {
    const key = `${service} ${clientPrefix(client)}`;
    const first = ((mix(fnv1a(key, this.#seed)) >>> 0) % this.#buckets) * neighbours;
    const fingerprint = mix(fnv1a(key, ~this.#seed)) || 1;
    const own = this.#find(first, (cell) => Atomics.load(this.#owners, cell) === fingerprint);
    return own ?? this.#find(first, (cell) => this.#acquire(cell, fingerprint));
  }

  #find(first: number, fits: (cell: number) => boolean): number | undefined {
    for (let cell = first; cell < first + neighbours; cell++) if (fits(cell)) return cell;
    return undefined;
  }

  /**
   * Acquires a free cell. Another thread that is first may acquire it for the same client: then the cell is this
   * client's, too.
   */
  #acquire(cell: number, fingerprint: number): boolean {
    const before = Atomics.load(this.#owners, cell);
    if (!this.#isFree(cell)) return false;
    const owner = Atomics.compareExchange(this.#owners, cell, before, fingerprint);
    return owner === before || owner === fingerprint;
  }
}

/** What counts as one client: an IPv4 address, or an IPv6 /64, in which a client has as many addresses as it likes. */
export function clientPrefix(host: string): string {
  if (!host.includes(':')) return host;
  const [head = '', tail] = host.split('::');
  const before = head.split(':');
  const missing = tail === undefined ? 0 : 8 - before.length - tail.split(':').length;
  const groups = [...before, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...(tail ?? '').split(':')];
  return groups
    .slice(0, 4)
    .map((group) => (Number.parseInt(group, 16) || 0).toString(16))
    .join(':');
}
