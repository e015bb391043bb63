/**
 * Orders names as people count: `api-2` comes before `api-10`. Pure.
 */
const collator = new Intl.Collator('en', { numeric: true });

export function compareNatural(a: string, b: string): number {
  return collator.compare(a, b);
}
