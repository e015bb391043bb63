/**
 * HPACK's Huffman code (RFC 7541 Appendix B). The code is canonical: codes of one length follow each other in the order
 * of their symbols, so the lengths alone define it.
 */
// prettier-ignore
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
/** The end-of-string symbol, which ends no text: only its first bits may appear, as padding (RFC 7541 §5.2). */
const endOfString = 256;
const maxCodeBits = 30;

/** For each length its first code, and its symbols in order. */
const codes = codesByLength();

/** The decoded bytes; undefined where they are malformed. */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | undefined {
  const text: number[] = [];
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      bits += 1;
      if (bits > maxCodeBits) return undefined;
      const { first, symbols } = codes[bits] ?? { first: 0, symbols: [] };
      const symbol = symbols[code - first];
      if (symbol === undefined) continue;
      if (symbol === endOfString) return undefined;
      text.push(symbol);
      code = 0;
      bits = 0;
    }
  }
  // Padding is shorter than a byte and has only ones.
  return bits < 8 && code === 2 ** bits - 1 ? Uint8Array.from(text) : undefined;
}

function codesByLength(): readonly { readonly first: number; readonly symbols: readonly number[] }[] {
  let next = 0;
  return Array.from({ length: maxCodeBits + 1 }, (_, bits) => {
    const symbols = [...codeLengths.keys()].filter((symbol) => codeLengths[symbol] === bits);
    const first = next << 1;
    next = first + symbols.length;
    return { first, symbols };
  });
}
