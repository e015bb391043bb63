/**
 * Finds the member of an object by the bytes of its key, without making a text of each key that is passed over: a list of
 * a thousand tasks has a hundred thousand keys.
 */
export class KeyTable<T> {
  readonly #entries = new Map<number, readonly Entry<T>[]>();

  constructor(members: ReadonlyMap<string, T>) {
    for (const [key, value] of members) {
      const bytes = Buffer.from(key);
      const hash = bytes.reduce(hashedWith, 0);
      this.#entries.set(hash, [...(this.#entries.get(hash) ?? []), { bytes, value }]);
    }
  }

  /** `hash` is that of the first `length` bytes, which are the key without quotes and escapes. */
  find(bytes: Uint8Array, length: number, hash: number): T | undefined {
    for (const entry of this.#entries.get(hash) ?? []) if (isSame(entry.bytes, bytes, length)) return entry.value;
    return undefined;
  }
}

/** The hash of some bytes is that of all but the last one, which is 0 for none, hashed with the last one. */
export function hashedWith(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

function isSame(key: Uint8Array, bytes: Uint8Array, length: number): boolean {
  if (key.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (key[at] !== bytes[at]) return false;
  return true;
}
