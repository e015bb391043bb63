import fc from 'fast-check';
import { expect } from 'vitest';

/**
 * The rules that every parser of a client's first bytes must keep: it may wait for more bytes, but once it has
 * answered, no further byte changes the answer; and it reads nothing but its bytes.
 */
type Answer = { readonly kind: string } | string;
type Parse<A extends Answer> = (bytes: Uint8Array) => A;

const isOpen = (answer: Answer): boolean =>
  typeof answer === 'string' ? answer === 'undecided' : answer.kind === 'incomplete';

/** The answer, however the bytes are cut: at every place, or at those given. */
export function answerOf<A extends Answer>(parse: Parse<A>, bytes: Uint8Array, cuts?: readonly number[]): A {
  const whole = parse(bytes);
  const lengths = cuts ? cuts.map((cut) => cut % (bytes.length + 1)) : Array.from(bytes.keys());
  for (const length of lengths) {
    const early = parse(within(bytes.subarray(0, length), 0x00));
    expect(parse(within(bytes.subarray(0, length), 0xff))).toEqual(early);
    if (!isOpen(early)) expect(early).toEqual(whole);
  }
  return whole;
}

/** The same bytes within a larger buffer, whose other bytes the parser must not read. */
function within(bytes: Uint8Array, others: number): Uint8Array {
  const larger = new Uint8Array(bytes.length + 64).fill(others);
  larger.set(bytes, 32);
  return larger.subarray(32, 32 + bytes.length);
}

/** Bytes that resemble one of the originals, with some bytes changed, cut out, doubled or cut off. */
export function nearly(originals: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('set', 'insert', 'remove', 'end'),
    byte: fc.nat(255),
  });
  return fc.tuple(fc.constantFrom(...originals), fc.array(change, { maxLength: 4 })).map(([original, changes]) => {
    let bytes = [...original];
    for (const { at, how, byte } of changes) {
      const place = at % (bytes.length + 1);
      if (how === 'end') bytes = bytes.slice(0, place);
      else bytes.splice(place, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]));
    }
    return Uint8Array.from(bytes);
  });
}

export const anyBytes = fc.uint8Array({ maxLength: 300, size: 'max' });
export const anyCuts = fc.array(fc.nat(), { maxLength: 8 });
