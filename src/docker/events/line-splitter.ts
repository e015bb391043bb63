import { JsonSieve, type Shape } from '../json/json-sieve.ts';

/**
 * Splits a byte stream into lines of JSON, wherever its chunks were cut: within a line, within a multi-byte character,
 * or with many lines in one chunk. Each line is sifted while it arrives; a line of which more than `maxLineBytes` is kept
 * is dropped and reported.
 */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
}

const newline = 0x0a;

export function createLineSplitter(
  handlers: { onLine(line: string): void; onOversized(): void },
  { kept, maxLineBytes }: { readonly kept: Shape; readonly maxLineBytes: number },
): LineSplitter {
  const sieve = new JsonSieve(kept, { maxBytes: maxLineBytes });

  function finish(): void {
    const sifted = sieve.finish();
    if (sifted.kind === 'too-large') handlers.onOversized();
    else if (sifted.text !== '') handlers.onLine(sifted.text);
  }

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
        sieve.push(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      sieve.push(chunk.subarray(from));
    },
  };
}
