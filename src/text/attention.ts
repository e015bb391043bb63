/**
 * Orders services by how much they need attention, the worst first; those in the same state keep their order. Pure.
 */
const worstFirst: readonly string[] = ['down', 'degraded', 'up'];

export function compareAttention(a: { readonly state: string }, b: { readonly state: string }): number {
  return worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state);
}
