import { messageOf } from '../text/message-of.ts';
import { formatBytes } from '../text/sizes.ts';
import { restEvent, type RestParts } from './ports.ts';
import { isAsleep, type RestContainer, type RestWorld } from './world.ts';

/**
 * Owns the containers that are being put to sleep. Each gets no new sessions first, so that none can begin between the last
 * look and the stop; one that a client wants meanwhile stays awake.
 */
interface Fall {
  readonly container: RestContainer;
  /** Why, for people: `after 15m without a session`. */
  readonly cause: string;
  readonly sinceMs: number;
  isCalled: boolean;
  /** When the engine said that it has stopped or paused it. */
  doneAtMs: number | undefined;
  /** What it used before, where the engine has told in time. */
  memoryBytes: number | undefined;
  isMemoryAsked: boolean;
}

interface FallCollaborators extends Pick<RestParts, 'clock' | 'actions' | 'onChange' | 'announce'> {
  /** `memoryBytes`: what it used before, where that is known, and given back. */
  readonly onAsleep: (container: RestContainer, world: RestWorld, memoryBytes: number | undefined) => void;
  /** Whether a container that is woken needs it, or it is to be woken itself. */
  readonly isNeeded: (id: string, world: RestWorld) => boolean;
  /** The container stays awake. */
  readonly onKept: (id: string) => void;
  /** A call to the engine has ended. */
  readonly onAnswer: () => void;
}

/** How long a container gets no new sessions before it is stopped: by then each relay thread knows of it. */
const settleMs = 100;
/** The stop waits so long for what the container uses: of one of several that it is asked for, Docker tells after a second. */
const memoryWithinMs = 1_500;
/** An event, or else the next list, tells of the end of a container long before that. */
const toldWithinMs = 10_000;

export class Falls {
  readonly #with: FallCollaborators;
  readonly #falls = new Map<string, Fall>();
  #done = 0;

  constructor(collaborators: FallCollaborators) {
    this.#with = collaborators;
  }

  get size(): number {
    return this.#falls.size;
  }

  /** How many containers were put to sleep since the start. */
  get done(): number {
    return this.#done;
  }

  has(id: string): boolean {
    return this.#falls.has(id);
  }

  begin(container: RestContainer, cause: string): void {
    if (this.#falls.has(container.id)) return;
    const { actions, clock, onChange } = this.#with;
    const begun = {
      sinceMs: clock.nowMs(),
      isCalled: false,
      doneAtMs: undefined,
      memoryBytes: undefined,
      isMemoryAsked: false,
    };
    const fall: Fall = { container, cause, ...begun };
    this.#falls.set(container.id, fall);
    // One that is paused keeps its memory.
    if (container.sleep?.mode !== 'pause') {
      fall.isMemoryAsked = true;
      void actions
        .memoryOf(container.id)
        .then((bytes) => void (fall.memoryBytes = bytes))
        .finally(() => void (fall.isMemoryAsked = false));
    }
    onChange();
  }

  goOn(world: RestWorld): void {
    for (const fall of this.#falls.values()) this.#goOn(fall, world);
  }

  #goOn(fall: Fall, world: RestWorld): void {
    const { clock, announce, onAsleep } = this.#with;
    const { id } = fall.container;
    const container = world.containers.get(id);
    if (!container || container.state !== 'running') {
      this.#end(id);
      if (!container || !isAsleep(container)) return;
      this.#done += 1;
      const { cause, memoryBytes } = fall;
      onAsleep(container, world, memoryBytes);
      const given = memoryBytes === undefined ? '' : `, which gives back ${formatBytes(memoryBytes)} of memory`;
      return announce(restEvent('container-asleep', container, `${container.name} was put to sleep ${cause}${given}`));
    }
    // It was started again meanwhile.
    if (container.startedAtNs !== fall.container.startedAtNs) return this.#keep(id);
    if (fall.doneAtMs !== undefined && clock.nowMs() - fall.doneAtMs > toldWithinMs)
      return this.#onFailed(container, 'it still runs, although the engine said otherwise');
    if (fall.isCalled || clock.nowMs() - fall.sinceMs < settleMs) return;
    const isWanted = container.sessions > 0 || container.services.some((service) => world.heldOf(service) > 0);
    if (isWanted || this.#with.isNeeded(id, world)) return this.#keep(id);
    if (!fall.isMemoryAsked || clock.nowMs() - fall.sinceMs > memoryWithinMs) this.#call(fall, container);
  }

  #call(fall: Fall, container: RestContainer): void {
    const { actions, clock, onAnswer } = this.#with;
    const { id, sleep } = container;
    fall.isCalled = true;
    const cause = `put to sleep ${fall.cause}`;
    (sleep?.mode === 'pause' ? actions.pause(id, cause) : actions.stop(id, cause))
      .then(
        () => void (fall.doneAtMs = clock.nowMs()),
        (error: unknown) => this.#onFailed(container, messageOf(error)),
      )
      .finally(onAnswer);
  }

  #onFailed(container: RestContainer, reason: string): void {
    const { id, name } = container;
    this.#keep(id);
    this.#with.announce(restEvent('sleep-failed', container, `${name} could not be put to sleep: ${reason}`));
  }

  #keep(id: string): void {
    this.#end(id);
    this.#with.onKept(id);
  }

  #end(id: string): void {
    this.#falls.delete(id);
    this.#with.onChange();
  }
}
