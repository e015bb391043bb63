import fc from 'fast-check';

/** Any character of Unicode. fast-check's own unit `binary` takes a second and a half to set up. */
const character = fc
  .oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 0xd7ff }) }, fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));

export function anyText({ minLength = 0 } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: character, minLength });
}
