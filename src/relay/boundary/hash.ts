/**
 * Quick hashes that spread keys; none of them protects a secret.
 */
/** FNV-1a with 32 bits, over UTF-16 units. */
export function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/**
 * Spreads the bits of a hash (MurmurHash3's finalizer): hashes of texts that differ in one digit must not stay
 * neighbours.
 */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
