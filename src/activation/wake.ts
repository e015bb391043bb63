import { hasWhatItNeeds, inOrder } from './dependencies.ts';
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
  // Of a circle, the container that closes it is not waited for.
  const before = new Set<RestContainer>();
  for (const container of inOrder(root, containers)) {
    const earlier = known.askedBefore(container.id);
    const hasNeeds = hasWhatItNeeds(container, containers, before);
    before.add(container);
    if (!isAsleep(container)) {
      // One that is paused by hand is left alone.
      if (container.state === 'paused') return { kind: 'failed', at: container, reason: 'it is paused' };
      if (container === root && container.isReady) return { kind: 'done' };
      continue;
    }
    const failure = known.failureOf(container.id) ?? endOf(container, earlier);
    if (failure !== undefined) return { kind: 'failed', at: container, reason: failure };
    if (earlier === undefined && hasNeeds) start.push(container);
  }
  return { kind: 'go-on', start };
}

/** How the run ended that was asked for; undefined while it is on its way, and until the engine tells its exit code. */
function endOf(
  { startedAtNs, state, exitCode, wasStopped }: RestContainer,
  earlier: bigint | undefined,
): string | undefined {
  if (earlier === undefined || startedAtNs === earlier || state !== 'stopped') return undefined;
  if (wasStopped) return 'it was stopped while it started';
  if (exitCode === undefined) return undefined;
  return `it exited at once, with code ${exitCode}`;
}
