/** A message names so many things, since there may be thousands. */
const mostNamed = 3;

/** The first few names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
