/**
 * Makes hostile text safe to show: labels, names and bytes from outside may hold terminal escapes, line breaks or
 * direction marks. Long text is cut.
 */
export function printable(text: string, maxLength = 120): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  // \p{C}: control, format, surrogate, private use and unassigned characters; \u2028 and \u2029 break lines.
  return cut.replace(/[\p{C}\u2028\u2029]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The printable text in double quotes. */
export function quoted(text: string): string {
  return `"${printable(text).replaceAll('"', '\\"')}"`;
}
