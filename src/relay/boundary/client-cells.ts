import { fnv1a, mix } from './hash.ts';

/**
 * Which cell of a shared table belongs to a client of a service. The table has a fixed size, whoever comes: a client's
 * key points at a handful of neighbouring cells, and it gets the first of them that is free. All threads
 * search the same cells, so two of them find the same one for the same client. (A cell that is claimed in the very moment
 * in which its last owner comes back counts one session for the wrong one of the two.)
 */
export interface ClientCellMemory {
  /** Int32[cell]: a fingerprint of whose it is; 0: nobody's yet. */
  readonly owners: SharedArrayBuffer;
  readonly cells: number;
  /** Random, so that nobody can choose addresses that meet in the same cells. */
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

  /** Undefined: all cells that it could have are others'. */
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

  /** A thread that acquires it first may do so for the same client: then it is ours, too. */
  #acquire(cell: number, fingerprint: number): boolean {
    const before = Atomics.load(this.#owners, cell);
    if (!this.#isFree(cell)) return false;
    const owner = Atomics.compareExchange(this.#owners, cell, before, fingerprint);
    return owner === before || owner === fingerprint;
  }
}

/** What counts as one client: an IPv4 address, or a /64, in which an IPv6 client has as many addresses as it likes. */
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
