import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable, quoted } from '../../../src/text/printable.ts';
import { anyText } from '../../support/any-text.ts';

it('hostile text is shown inert: no escapes, line breaks or direction marks, and no great length', () => {
  expect(printable('a\u001b[31mb\nc\u202ed')).toBe('a\\u{1b}[31mb\\u{a}c\\u{202e}d');
  expect(quoted('say "hi"')).toBe('"say \\"hi\\""');
  fc.assert(
    fc.property(anyText(), (text) => {
      expect(printable(text)).not.toMatch(/[\p{C}\u2028\u2029]/u);
    }),
  );
  expect(printable('x'.repeat(10_000))).toHaveLength(121);
});
