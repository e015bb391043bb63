/** The known word closest to `word`, the first of several; undefined when no known word is close enough. */
export function didYouMean<Known extends string>(word: string, known: Iterable<Known>): Known | undefined {
  return closest(word, known)[0];
}

/**
 * The known words closest to `word`, all at the same edit distance of at most half of the word's letters and never more
 * than three. Two swapped letters count as one edit, and upper case as none.
 */
export function closest<Known extends string>(word: string, known: Iterable<Known>): Known[] {
  let best: Known[] = [];
  let limit = Math.min(3, Math.max(1, Math.floor(word.length / 2)));
  const plain = word.toLowerCase();
  const letters = letterBits(plain);
  for (const candidate of known) {
    // A container may have a hundred thousand labels, and each may be kilobytes of hostile text: most candidates are
    // ruled out by their length, or by letters that the other word lacks, since each of those costs an edit.
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const other = candidate.toLowerCase();
    const others = letterBits(other);
    if (countBits(letters & ~others) > limit || countBits(others & ~letters) > limit) continue;
    const edits = countEdits(plain, other, limit);
    if (edits > limit) continue;
    if (edits < limit) best = [];
    best.push(candidate);
    limit = edits;
  }
  return best;
}

/** The letters of the word, each as one of 32 bits. */
function letterBits(word: string): number {
  let bits = 0;
  for (let index = 0; index < word.length; index += 1) bits |= 1 << (word.charCodeAt(index) & 31);
  return bits;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * The fewest letters to insert, remove, replace or swap with their neighbour that make one word of the other: the
 * optimal string alignment distance. Above `limit`, any higher number.
 */
function countEdits(word: string, other: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= word.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = word[row - 1] === other[column - 1];
      const isSwap =
        row > 1 && column > 1 && word[row - 2] === other[column - 1] && word[row - 1] === other[column - 2];
      const edits = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Infinity,
      );
      current[column] = edits;
      if (edits < least) least = edits;
    }
    // A swap reaches back over one row, and costs one edit more than that row.
    if (least > limit && Math.min(...last) >= limit) return Infinity;
    [beforeLast, last] = [last, current];
  }
  return at(last, other.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

/** The text ` (did you mean "x"?)`, or an empty text when no known word is close enough. */
export function suggestion(word: string, known: Iterable<string>): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}
