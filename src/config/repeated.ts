/**
 * Decides what a flag means that is given twice, in which commander would drop all values but the last: a list has the
 * values of all, any other flag is refused. Pure.
 */

/** Adds a value to the earlier ones of a list. */
export function gather(value: string, before: string | undefined): string {
  return before === undefined ? value : `${before},${value}`;
}

/** The mistake of a flag that is no list. The values are left out, since one may be a token. */
export function givenTwice(flag: string): string {
  return `${flag} is given twice: give it once`;
}
