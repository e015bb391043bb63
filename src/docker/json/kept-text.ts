/**
 * The text that a sieve has kept so far: bytes up to a bound, beyond which nothing more is kept.
 */
export type Sifted =
  | { readonly kind: 'text'; readonly text: string }
  /** More would have been kept than may be. `head` is the beginning, for messages. */
  | { readonly kind: 'too-large'; readonly head: string };

const firstBytes = 4096;
/** Fewer bytes are copied faster one by one than through a view. */
const shortBytes = 100;

export class KeptText {
  readonly #maxBytes: number;
  #bytes = Buffer.allocUnsafe(firstBytes);
  #length = 0;
  #isTooLarge = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  addByte(byte: number): void {
    if (this.#reserve(1)) this.#bytes[this.#length++] = byte;
  }

  /** Adds the bytes from `from` to before `to`. */
  add(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#reserve(to - from)) return;
    if (to - from > shortBytes) this.#bytes.set(bytes.subarray(from, to), this.#length);
    else for (let at = from; at < to; at += 1) this.#bytes[this.#length + at - from] = bytes[at] ?? 0;
    this.#length += to - from;
  }

  /** Drops what was added since the text had this length. */
  cutTo(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  refuse(): void {
    this.#isTooLarge = true;
  }

  /** Returns the text, and begins anew. */
  take(): Sifted {
    const kept = this.#bytes.subarray(0, this.#length);
    const sifted: Sifted = this.#isTooLarge
      ? { kind: 'too-large', head: kept.toString('utf8', 0, firstBytes) }
      : { kind: 'text', text: kept.toString('utf8') };
    this.#length = 0;
    this.#isTooLarge = false;
    // One large value must not occupy its memory for ever.
    if (this.#bytes.length > 16 * firstBytes) this.#bytes = Buffer.allocUnsafe(firstBytes);
    return sifted;
  }

  #reserve(bytes: number): boolean {
    const needed = this.#length + bytes;
    if (needed > this.#maxBytes) this.#isTooLarge = true;
    if (this.#isTooLarge) return false;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    return true;
  }
}
