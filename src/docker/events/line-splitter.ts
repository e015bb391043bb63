/**
 * Splits a byte stream into lines, wherever its chunks were cut: within a line, within a multi-byte character, or with
 * many lines in one chunk. Only whole lines are decoded. A line that exceeds the bound is dropped and reported.
 */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
}

const newline = 0x0a;

export function createLineSplitter(
  handlers: { onLine(line: string): void; onOversized(): void },
  options: { readonly maxLineBytes: number },
): LineSplitter {
  let pieces: Uint8Array[] = [];
  let pendingBytes = 0;
  let skipping = false;

  function keep(piece: Uint8Array): void {
    if (skipping || piece.length === 0) return;
    pendingBytes += piece.length;
    if (pendingBytes <= options.maxLineBytes) {
      pieces.push(piece);
      return;
    }
    skipping = true;
    pieces = [];
  }

  function finish(): void {
    const line = skipping ? undefined : Buffer.concat(pieces, pendingBytes).toString('utf8').trim();
    pieces = [];
    pendingBytes = 0;
    skipping = false;
    if (line === undefined) handlers.onOversized();
    else if (line !== '') handlers.onLine(line);
  }

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
        keep(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
  };
}
