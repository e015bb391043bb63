import { distance } from 'fastest-levenshtein';

/**
 * The known word that `word` was probably meant to be: at most half of its letters away, never more than three.
 * Undefined when nothing comes close.
 */
export function didYouMean<Known extends string>(word: string, known: Iterable<Known>): Known | undefined {
  let best: Known | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(word.length / 2))) + 1;
  for (const candidate of known) {
    // A label key may be kilobytes of hostile text; words too long to be near are not worth comparing.
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const separation = distance(word, candidate);
    if (separation < bestDistance) {
      best = candidate;
      bestDistance = separation;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing. */
export function suggestion(word: string, known: Iterable<string>): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? '' : ` (did you mean "${meant}"?)`;
}
