import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineSplitter } from '../../../../src/docker/events/line-splitter.ts';
import { anyText } from '../../../support/any-text.ts';

function split(
  bytes: Uint8Array,
  cuts: readonly number[],
  maxLineBytes = 1000,
): { lines: string[]; oversized: number } {
  const lines: string[] = [];
  let oversized = 0;
  const splitter = createLineSplitter(
    { onLine: (line) => lines.push(line), onOversized: () => (oversized += 1) },
    { kept: 'whole', maxLineBytes },
  );
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) splitter.push(bytes.subarray(from, places[index + 1] ?? bytes.length));
  return { lines, oversized };
}

describe('the line splitter', () => {
  test('gives the same lines wherever the bytes are cut, also within a character', () => {
    const texts = fc.array(anyText().map((text) => JSON.stringify({ text })));
    fc.assert(
      fc.property(texts, fc.array(fc.nat()), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const whole = Buffer.from(lines.join('\n')).toString('utf8');
        expect(split(bytes, cuts, 100_000).lines.join('\n')).toBe(whole);
      }),
    );
  });

  test('delivers what is not JSON, for its reader to refuse', () => {
    const { lines } = split(Buffer.from('<html>\n[1]]\n'), []);
    expect(lines[0]).toBe('<html>');
    expect(() => JSON.parse(lines[1] ?? '1') as unknown).toThrow(SyntaxError);
  });

  test('does not deliver an unfinished line', () => {
    expect(split(Buffer.from('[1]\n[2'), []).lines).toEqual(['[1]']);
  });

  test('skips empty lines and carriage returns', () => {
    expect(split(Buffer.from('\n\n[1]\r\n\n'), []).lines).toEqual(['[1]']);
  });

  test('drops a line beyond the bound, reports it once, and goes on with the next', () => {
    const bytes = Buffer.from(`[1]\n"${'x'.repeat(50)}"\n[2]\n`);
    expect(split(bytes, [10, 20, 30], 20)).toEqual({ lines: ['[1]', '[2]'], oversized: 1 });
  });

  test('takes a line of exactly the bound', () => {
    expect(split(Buffer.from(`${'x'.repeat(20)}\n`), [7], 20)).toEqual({ lines: ['x'.repeat(20)], oversized: 0 });
  });
});
