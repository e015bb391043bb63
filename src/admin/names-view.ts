import type { Catalog } from '../catalog/catalog.ts';
import type { ApiStatus } from './status-schema.ts';

/**
 * The view of the names that services get without labels of their own. Pure.
 */
export interface SharedNames {
  /** E.g. `{service}.{project}.localhost`. */
  readonly template: string;
  /** The listen addresses on which names are served. */
  readonly addresses: ReadonlySet<string>;
}

/** A page or a terminal shows no more. */
const mostRefused = 50;

export function viewNames(names: SharedNames | undefined, { exposed = [] }: Catalog): ApiStatus['names'] {
  if (!names) return null;
  const refused = exposed.filter(({ host }) => host === undefined);
  return {
    template: names.template,
    listen: [...names.addresses],
    refused: refused.slice(0, mostRefused).map(({ container, containerId, because }) => {
      return { container, containerId, reason: because };
    }),
    refusedTotal: refused.length,
  };
}
