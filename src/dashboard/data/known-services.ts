import type { ApiService } from '../../admin/schema.ts';

/** The services with those that were read anew; undefined for one that is gone. In the order of the API: by name. Pure. */
export function withServices(
  known: ReadonlyMap<string, ApiService>,
  read: Iterable<readonly [name: string, service: ApiService | undefined]>,
): ReadonlyMap<string, ApiService> {
  const next = new Map(known);
  for (const [name, service] of read) {
    if (service) next.set(name, service);
    else next.delete(name);
  }
  return new Map([...next].sort(([a], [b]) => (a < b ? -1 : 1)));
}
