/**
 * Finds the end of a JSON value that arrives in pieces, without looking into it: counts brackets and follows strings.
 */
const byte = { quote: 0x22, comma: 0x2c, open: 0x5b, escape: 0x5c, close: 0x5d, begin: 0x7b, end: 0x7d };

export class ValueScan {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Whether more of the value is to come. A number or a word may go on as well, which only the next byte tells. */
  get isOpen(): boolean {
    return this.#depth > 0 || this.#inString;
  }

  reset(): void {
    this.#depth = 0;
    this.#inString = this.#escaped = false;
  }

  /** Returns where the value ends that begins, or goes on, at `from`; the length of the chunk if not within it. */
  end(chunk: Uint8Array, from: number): number {
    // Fields would be read and written for each byte, of which there may be millions.
    let at = from;
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (; at < chunk.length; at += 1) {
      const found = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (found === byte.escape) escaped = true;
        else if (found === byte.quote) {
          inString = false;
          if (depth === 0) break;
        }
      } else if (found === byte.quote) inString = true;
      else if (found === byte.begin || found === byte.open) depth += 1;
      else if (found === byte.end || found === byte.close) {
        // The bracket around a number or a word is not part of it.
        if (depth === 0) return at;
        depth -= 1;
        if (depth === 0) break;
      } else if (depth === 0 && (found === byte.comma || isSpace(found))) return at;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return Math.min(at + 1, chunk.length);
  }
}

export function isSpace(found: number | undefined): boolean {
  return found === 0x20 || found === 0x0a || found === 0x0d || found === 0x09;
}

/** Whether a value that ends with this byte is complete, whatever follows. */
export function closesValue(found: number | undefined): boolean {
  return found === byte.quote || found === byte.end || found === byte.close;
}
