/**
 * The buffer of a client's bytes from before it is relayed. A client that sends byte by byte uses no more memory than
 * one that sends as much at once: Node delivers each byte in a buffer of its own, a hundred times its size.
 */
const firstSize = 1_024;

export class EarlyBuffer {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    if (this.#length === 0 && chunk.length >= firstSize) {
      this.#buffer = chunk;
      this.#length = chunk.length;
      return;
    }
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(firstSize, needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** The first bytes, at most `limit` of them, as a view and not a copy. */
  view(limit: number): Buffer {
    return this.#buffer.subarray(0, Math.min(limit, this.#length));
  }

  consume(count: number): void {
    this.#buffer = this.#buffer.subarray(count, this.#length);
    this.#length = this.#buffer.length;
  }

  consumeAll(): readonly Buffer[] {
    const all = this.#length === 0 ? [] : [this.#buffer.subarray(0, this.#length)];
    this.consume(this.#length);
    return all;
  }
}
