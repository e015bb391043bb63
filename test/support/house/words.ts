/** The words of a text in lower case; `camelCase`, `PascalCase` and `kebab-case` names are taken apart. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g)].map(([word]) => word.toLowerCase());
}
