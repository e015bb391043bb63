import { signal } from '@preact/signals';
import type { ApiProblem, ApiService, ApiStatus, TimelineEvent } from '../../admin/schema.ts';
import { History, idle, type Live } from './history.ts';

/**
 * What the page knows. Written by feed.ts alone; the views read it.
 */
export type Connection =
  /** Nothing was read yet. `reason`: why not, once it has failed. */
  | { readonly kind: 'connecting'; readonly reason: string | undefined }
  | { readonly kind: 'live' }
  /** What is shown was last known to be true at `sinceMs`. */
  | { readonly kind: 'stale'; readonly sinceMs: number }
  | { readonly kind: 'token-needed' };

export const connection = signal<Connection>({ kind: 'connecting', reason: undefined });
export const status = signal<ApiStatus | undefined>(undefined);
export const services = signal<ReadonlyMap<string, ApiService>>(new Map());
export const problems = signal<readonly ApiProblem[]>([]);
/** Newest first, bounded. */
export const timeline = signal<readonly TimelineEvent[]>([]);

export const history = new History();
/** Grows each time the history does: whoever shows figures reads it. */
export const tick = signal(0);

export function liveOf(name: string): Live {
  void tick.value;
  return history.live.get(name) ?? idle;
}
