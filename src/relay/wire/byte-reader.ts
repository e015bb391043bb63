/**
 * Reads bytes from a hostile peer in order, never past their end: a read that would go beyond it marks the reader as
 * overrun, and returns 0 or nothing from then on, so that a whole structure can be read first and judged once.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False as soon as a read went past the end. */
  get isSound(): boolean {
    return !this.#overrun;
  }

  get hasMore(): boolean {
    return !this.#overrun && this.#at < this.#bytes.length;
  }

  /** True if all bytes were read, and no read went past the end. */
  get isDone(): boolean {
    return !this.#overrun && this.#at === this.#bytes.length;
  }

  /** Reads an unsigned big-endian integer of `size` bytes. */
  uint(size: 1 | 2 | 3): number {
    const from = this.#at;
    this.skip(size);
    if (this.#overrun) return 0;
    let value = 0;
    for (let at = from; at < this.#at; at++) value = value * 256 + (this.#bytes[at] ?? 0);
    return value;
  }

  /** Returns the next bytes, as a view and not a copy. */
  read(length: number): Uint8Array {
    const from = this.#at;
    this.skip(length);
    return this.#bytes.subarray(this.#overrun ? this.#at : from, this.#at);
  }

  skip(length: number): void {
    if (length > this.#bytes.length - this.#at) this.#overrun = true;
    this.#at = this.#overrun ? this.#bytes.length : this.#at + length;
  }

  /** Reads a length of `size` bytes, then as many bytes as it says. */
  vector(size: 1 | 2 | 3): Uint8Array {
    return this.read(this.uint(size));
  }
}
