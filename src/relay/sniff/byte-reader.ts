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
    let value = 0;
    for (const byte of this.take(size)) value = value * 256 + byte;
    return value;
  }

  /** A view of the next bytes, not a copy. */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      this.#overrun = true;
      this.#at = this.#bytes.length;
      return this.#bytes.subarray(this.#at);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** What a length of `size` bytes announces. */
  vector(size: 1 | 2 | 3): Uint8Array {
    return this.take(this.uint(size));
  }
}
