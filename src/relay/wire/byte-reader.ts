/**
 * Reads bytes from a hostile peer in order, never past their end: a read that would go beyond it marks the reader as
 * overrun, and gives 0 or nothing from then on, so that a whole structure can be read first and judged once.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False as soon as something was asked for that is not there. */
  get isSound(): boolean {
    return !this.#overrun;
  }

  get hasMore(): boolean {
    return !this.#overrun && this.#at < this.#bytes.length;
  }

  /** Everything was read, and nothing beyond it. */
  get isDone(): boolean {
    return !this.#overrun && this.#at === this.#bytes.length;
  }

  /** An unsigned integer of `size` bytes, the highest first. */
  uint(size: 1 | 2 | 3): number {
    const from = this.#at;
    this.skip(size);
    if (this.#overrun) return 0;
    let value = 0;
    for (let at = from; at < this.#at; at++) value = value * 256 + (this.#bytes[at] ?? 0);
    return value;
  }

  /** A view of the next bytes, not a copy. */
  read(length: number): Uint8Array {
    const from = this.#at;
    this.skip(length);
    return this.#bytes.subarray(this.#overrun ? this.#at : from, this.#at);
  }

  skip(length: number): void {
    if (length > this.#bytes.length - this.#at) this.#overrun = true;
    this.#at = this.#overrun ? this.#bytes.length : this.#at + length;
  }

  /** What a length of `size` bytes announces. */
  vector(size: 1 | 2 | 3): Uint8Array {
    return this.read(this.uint(size));
  }
}
