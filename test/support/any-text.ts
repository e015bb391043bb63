import fc from 'fast-check';

/** Any Unicode character. fast-check's own unit `binary` takes 1.5 s to set up. */
const character = fc
  .oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 0xd7ff }) }, fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

export function anyText({ minLength = 0 } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: character, minLength });
}
