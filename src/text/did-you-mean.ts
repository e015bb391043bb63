import { distance } from 'fastest-levenshtein';

/** The known word closest to `word`, the first of several; undefined when no known word is close enough. */
export function didYouMean<Known extends string>(word: string, known: Iterable<Known>): Known | undefined {
  return closest(word, known)[0];
}

/**
 * The known words closest to `word`, all at the same edit distance of at most half of the word's letters and never more
 * than three; two swapped letters count as one edit.
 */
export function closest<Known extends string>(word: string, known: Iterable<Known>): Known[] {
  let best: Known[] = [];
  let bestDistance = Math.min(3, Math.max(1, Math.floor(word.length / 2)));
  for (const candidate of known) {
    // A label key may be kilobytes of hostile text: candidates whose length differs too much are not compared.
    if (Math.abs(candidate.length - word.length) > bestDistance) continue;
    const separation = isSwapped(word, candidate) ? 1 : distance(word, candidate);
    if (separation > bestDistance) continue;
    if (separation < bestDistance) best = [];
    best.push(candidate);
    bestDistance = separation;
  }
  return best;
}

/** Whether the words differ in one pair of neighbouring letters, the commonest slip of all. */
function isSwapped(word: string, other: string): boolean {
  if (word.length !== other.length) return false;
  let at = 0;
  while (at < word.length && word[at] === other[at]) at += 1;
  return word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2) === other;
}

/** The text ` (did you mean "x"?)`, or an empty text when no known word is close enough. */
export function suggestion(word: string, known: Iterable<string>): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}
