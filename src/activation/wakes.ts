import { formatDuration } from '../text/duration.ts';
import { messageOf } from '../text/message-of.ts';
import { inOrder } from './dependencies.ts';
import type { StartFailures } from './failures.ts';
import { restEvent, type RestParts } from './ports.ts';
import { stepOf } from './wake.ts';
import type { RestContainer, RestWorld } from './world.ts';

/**
 * Owns the wakes under way: asks the engine for each start, once, and tells how each wake has ended.
 */
interface Wake {
  readonly root: string;
  /** Who asked for it: `127.0.0.1:53122 for shop/api`. */
  readonly cause: string;
  readonly service: string;
  readonly sinceMs: number;
  /** The start of the run before, of each container that it asked to start. */
  readonly asked: Map<string, bigint>;
}

interface WakeCollaborators extends Pick<RestParts, 'clock' | 'actions' | 'onChange' | 'announce'> {
  readonly failures: StartFailures;
  readonly onStart: (container: RestContainer, root: string) => void;
  readonly onAwake: (container: RestContainer) => void;
  /** A call to the engine has ended. */
  readonly onAnswer: () => void;
}

/** A container that is not ready by then is no longer waited for. */
const patienceMs = 300_000;

export class Wakes {
  readonly #with: WakeCollaborators;
  readonly #wakes = new Map<string, Wake>();
  #done = 0;
  #failed = 0;
  #tookMs = 0;

  constructor(collaborators: WakeCollaborators) {
    this.#with = collaborators;
  }

  get size(): number {
    return this.#wakes.size;
  }

  /** Since the start: those that ended well with the time of all of them, and those that failed. */
  get figures(): { readonly wakes: number; readonly wakeMs: number; readonly wakeFailures: number } {
    return { wakes: this.#done, wakeMs: this.#tookMs, wakeFailures: this.#failed };
  }

  begin(root: string, service: string, cause: string): void {
    if (this.#wakes.has(root)) return;
    this.#wakes.set(root, { root, service, cause, sinceMs: this.#with.clock.nowMs(), asked: new Map() });
    this.#with.onChange();
  }

  /** Whether the container is woken, or was started for one that is. */
  has(id: string): boolean {
    return this.#wakes.has(id) || [...this.#wakes.values()].some(({ asked }) => asked.has(id));
  }

  /** Whether a container that is woken needs it. */
  needs(id: string, { containers }: RestWorld): boolean {
    return [...this.#wakes.keys()].some((root) => {
      const container = containers.get(root);
      return container !== undefined && inOrder(container, containers).some((one) => one.id === id);
    });
  }

  goOn(world: RestWorld): void {
    for (const wake of this.#wakes.values()) this.#goOn(wake, world);
  }

  /** A container ended soon after its wake. */
  onEndedAtOnce(container: RestContainer, reason: string): void {
    const { clock, failures, announce, onChange } = this.#with;
    failures.add(container.id, reason, clock.nowMs());
    this.#failed += 1;
    onChange();
    announce(restEvent('wake-failed', container, `${container.name} did not stay awake: ${reason}`));
  }

  #goOn(wake: Wake, world: RestWorld): void {
    const { clock, failures } = this.#with;
    const step = stepOf(wake.root, world, {
      askedBefore: (id) => wake.asked.get(id),
      failureOf: (id) => failures.of(id, clock.nowMs()),
    });
    const root = world.containers.get(wake.root);
    if (step.kind === 'gone' || !root) return this.#end(wake);
    if (step.kind === 'done') return this.#onAwake(wake, root);
    if (step.kind === 'failed') return this.#onFailed(wake, step.at, step.reason, root);
    if (clock.nowMs() - wake.sinceMs > patienceMs)
      return this.#onFailed(wake, root, `it is not ready after ${formatDuration(patienceMs)}`, root);
    for (const container of step.start) this.#start(wake, container);
  }

  #start(wake: Wake, container: RestContainer): void {
    const { actions, clock, failures, onAnswer, onStart } = this.#with;
    const { id, startedAtNs, state } = container;
    const isAsked = [...this.#wakes.values()].some(({ asked }) => asked.get(id) === startedAtNs);
    wake.asked.set(id, startedAtNs);
    onStart(container, wake.root);
    // Another wake needs it, too.
    if (isAsked) return;
    const cause = `woken by ${wake.cause}`;
    const call = state === 'paused' ? actions.unpause(id, cause) : actions.start(id, cause);
    call.catch((error: unknown) => failures.add(id, messageOf(error), clock.nowMs())).finally(onAnswer);
  }

  #onAwake(wake: Wake, root: RestContainer): void {
    const tookMs = Math.round(this.#with.clock.nowMs() - wake.sinceMs);
    this.#end(wake);
    this.#done += 1;
    this.#tookMs += tookMs;
    this.#with.onAwake(root);
    const message = `${root.name} was woken by ${wake.cause}, ready after ${tookMs} ms`;
    this.#with.announce(restEvent('container-woken', root, message, { service: wake.service, tookMs }));
  }

  #onFailed(wake: Wake, at: RestContainer, reason: string, root: RestContainer): void {
    const { clock, failures, announce } = this.#with;
    this.#end(wake);
    if (failures.of(at.id, clock.nowMs()) === undefined) failures.add(at.id, reason, clock.nowMs());
    if (at !== root) failures.add(root.id, `it needs ${at.name}: ${reason}`, clock.nowMs());
    this.#failed += 1;
    const what = at === root ? root.name : `${root.name}, which needs ${at.name},`;
    const message = `${what} could not be woken by ${wake.cause}: ${reason}`;
    announce(restEvent('wake-failed', root, message, { service: wake.service }));
  }

  #end(wake: Wake): void {
    this.#wakes.delete(wake.root);
    this.#with.onChange();
  }
}
