import { computed, signal } from '@preact/signals';
import type { TimelineEvent } from '../../admin/event-schema.ts';
import type { ApiProblem, ApiService } from '../../admin/schema.ts';
import type { ApiStatus } from '../../admin/status-schema.ts';
import { foldEvents } from './event-lines.ts';
import { History, idle, type Live } from './history.ts';

/**
 * The page's state. Only feed.ts writes it; the views read it.
 */
export type Connection =
  /** Nothing has been read yet. `reason`: why not, once a read has failed. */
  | { readonly kind: 'connecting'; readonly reason: string | undefined }
  | { readonly kind: 'live' }
  /** The data that is shown was last known to be true at `sinceMs`. */
  | { readonly kind: 'stale'; readonly sinceMs: number }
  | { readonly kind: 'token-needed' };

export const connection = signal<Connection>({ kind: 'connecting', reason: undefined });
export const status = signal<ApiStatus | undefined>(undefined);
export const services = signal<ReadonlyMap<string, ApiService>>(new Map());
export const problems = signal<readonly ApiProblem[]>([]);
/** Newest first, bounded. */
export const timeline = signal<readonly TimelineEvent[]>([]);
/** The timeline in folded lines, without the engine's own events. */
export const eventLines = computed(() => foldEvents(timeline.value, { withEngine: false }));

export const history = new History();
/** Grows with each tick of the history. A view that shows figures reads it, and so is drawn again. */
export const tick = signal(0);

export function liveOf(name: string): Live {
  void tick.value;
  return history.live.get(name) ?? idle;
}
