/**
 * Finds what is declared for a name: a pattern is a whole name, `*.localhost` for all names beneath `localhost` at any
 * depth, or `*` for any name.
 */
/** The whole name before a wildcard, a longer wildcard before a shorter one. Name and patterns are in lower case. */
export function findByPattern<T>(byPattern: ReadonlyMap<string, T>, name: string): T | undefined {
  const exact = byPattern.get(name);
  if (exact !== undefined) return exact;
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const wild = byPattern.get(`*${name.slice(dot)}`);
    if (wild !== undefined) return wild;
  }
  return byPattern.get('*');
}

/** The wildcard of a certificate that covers a name: it stands for one label (RFC 9525 §6.3). It covers itself. */
export function wildcardFor(name: string): string {
  return name.replace(/^[^.]+/, '*');
}
