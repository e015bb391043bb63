/**
 * Reads the words for true and false in any case: those of YAML 1.1 and of compose files (`True`, `yes`, `on`), and
 * `1` and `0`. Undefined for any other text.
 */
export function parseBoolean(text: string): boolean | undefined {
  return words.get(text.toLowerCase());
}

/** The words in lower case. */
const words: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'y', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', 'off', '0'].map((word) => [word, false] as const),
]);

export const booleanWords: readonly string[] = [...words.keys()];
