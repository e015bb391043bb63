import { inOrder, neededBy } from './dependencies.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * The steps of one wake: what a container needs is started first, each ready before the next. Pure.
 */
export type WakeStep =
  /** Start or unpause these now; none where something is on its way. */
  | { readonly kind: 'go-on'; readonly start: readonly RestContainer[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly at: RestContainer; readonly reason: string }
  /** The container was removed. */
  | { readonly kind: 'gone' };

export interface WakeKnowledge {
  /** The start of the run before the one that this wake asked for; undefined where it has not asked. */
  readonly askedBefore: (id: string) => bigint | undefined;
  /** Why a start failed a moment ago, so that it is not tried again yet. */
  readonly failureOf: (id: string) => string | undefined;
}

export function stepOf(rootId: string, { containers }: Pick<RestWorld, 'containers'>, known: WakeKnowledge): WakeStep {
  const root = containers.get(rootId);
  if (!root) return { kind: 'gone' };
  const start: RestContainer[] = [];
  for (const container of inOrder(root, containers)) {
    const before = known.askedBefore(container.id);
    if (!isAsleep(container)) {
      // One that is paused by hand is left alone, and what needs it waits.
      if (container === root && container.isReady) return { kind: 'done' };
      continue;
    }
    const failure = known.failureOf(container.id) ?? endOf(container, before);
    if (failure !== undefined) return { kind: 'failed', at: container, reason: failure };
    if (before === undefined && neededBy(container, containers).every(({ isReady }) => isReady)) start.push(container);
  }
  return { kind: 'go-on', start };
}

/** How the run ended that was asked for; undefined while it is on its way, and until the engine tells its exit code. */
function endOf({ startedAtNs, state, exitCode }: RestContainer, before: bigint | undefined): string | undefined {
  if (before === undefined || startedAtNs === before || state !== 'stopped' || exitCode === undefined) return undefined;
  return `it exited at once, with code ${exitCode}`;
}
