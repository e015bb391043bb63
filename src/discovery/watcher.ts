import { isDeepStrictEqual } from 'node:util';
import { EngineError, type Engine } from '../docker/engine.ts';
import { createEventStream, type EventStream, type EventStreamOptions } from '../docker/events/event-stream.ts';
import type { ContainerFacts, ContainerSummary, EngineEvent, EngineSnapshot, Vantage } from '../docker/facts.ts';
import { determineVantage, readIdentityInputs, type IdentityInputs } from '../docker/identity/identity.ts';
import type { StreamState } from '../docker/events/stream-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time/clock.ts';
import { createListing, type Listing } from './listing.ts';
import { WatchStatus } from './watch-status.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';
import { World, type Effect } from './world.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * The shell around `World`: keeps the snapshot of an engine's labelled containers true. It subscribes, then lists, then
 * inspects what the list and the events name. Events need no buffer while the list is under way: facts come from
 * inspects alone, so an event that overtakes the list loses nothing.
 */
export interface EngineWatcher {
  /** The world as last known; the same object until something changes. */
  snapshot(): EngineSnapshot;
  start(): void;
  /** Resolves when no call, timer or connection is left. `onChange` is not called any more. */
  stop(): Promise<void>;
}

export interface WatcherCollaborators {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Called within the turn in which the snapshot changed; must be quick. */
  readonly onChange: () => void;
  /** Reconciling is level-based and does not need it. */
  readonly observer?: WatchObserver;
  /** Where Sealane runs; this machine unless given. */
  readonly identity?: () => Promise<IdentityInputs>;
}

/** Told of all that the watch hears of labelled containers, and of what came of it. */
export interface WatchObserver {
  /** An event came. `facts`: of the container before it. `matters`: it changes facts, or has its container inspected. */
  onEvent(event: EngineEvent, facts: ContainerFacts | undefined, effect: { readonly matters: boolean }): void;
  /**
   * An event or an inspect was applied. `changed`: the snapshot differs now. `settled`: no inspect is pending, so that
   * nothing more follows from earlier events.
   */
  onApplied(containerId: string, effect: { readonly changed: boolean; readonly settled: boolean }): void;
}

interface WatcherOptions {
  readonly labelPrefix: string;
  /** Between full lists while events flow; jittered by a tenth. 5 minutes unless given. */
  readonly resyncIntervalMs?: number;
  /** The container that Sealane runs in, when it cannot be found out. */
  readonly selfId?: string;
  readonly stream?: Partial<EventStreamOptions>;
}

export function createWatcher(collaborators: WatcherCollaborators, options: WatcherOptions): EngineWatcher {
  return new WorldWatcher(collaborators, options);
}

const defaultResyncIntervalMs = 5 * 60_000;
/** Enough to use the engine's cores, few enough to leave it some: an inspect takes 0.6 ms. */
const inspectConcurrency = 8;
const inspectRetry = { firstMs: 100, maxMs: 30_000 };
/** The list was right 52-82 ms after a death; a second is far on the safe side. */
const recheckAfterMs = 1000;
/** A queue key that no container can have: names begin with a letter or digit. */
const vantageKey = ':vantage';

class WorldWatcher implements EngineWatcher {
  readonly #with: WatcherCollaborators;
  readonly #options: WatcherOptions;
  readonly #world: World;
  readonly #queue: WorkQueue;
  readonly #stream: EventStream;
  readonly #listing: Listing;
  readonly #ending = new AbortController();
  readonly #status: WatchStatus;
  #snapshot: EngineSnapshot | undefined;
  #vantage: Vantage | undefined;
  /** Containers whose networks are ours. */
  #selfIds: ReadonlySet<string> = new Set();
  #synced = false;
  /** What the first list named and has not been answered; undefined before that list. */
  #unanswered: Set<string> | undefined;

  constructor(collaborators: WatcherCollaborators, options: WatcherOptions) {
    this.#with = collaborators;
    this.#options = options;
    this.#world = new World(options.labelPrefix);
    this.#status = new WatchStatus(collaborators.logger, collaborators.engine.endpoint, () => this.#changed());
    this.#queue = createWorkQueue(collaborators, {
      concurrency: inspectConcurrency,
      retry: inspectRetry,
      work: (key) => (key === vantageKey ? this.#locate() : this.#inspect(key)),
    });
    // Inspects wait until there is an engine to ask.
    this.#queue.pause();
    const { resyncIntervalMs = defaultResyncIntervalMs } = options;
    this.#listing = createListing(
      collaborators,
      {
        onRows: (rows, everything) => this.#onRows(rows, everything),
        // Events flow but the list does not come, e.g. since a socket proxy forbids it: the snapshot grows old.
        onFailure: (error) => this.#status.unreachable(messageOf(error)),
      },
      { intervalMs: resyncIntervalMs },
    );
    this.#stream = createEventStream(
      collaborators,
      {
        onState: (state) => this.#onStream(state),
        onEvent: (event) => this.#onEvent(event),
        onGap: (reason) => this.#onGap(reason),
      },
      options.stream,
    );
  }

  snapshot(): EngineSnapshot {
    return (this.#snapshot ??= {
      containers: this.#world.containers(),
      vantage: this.#vantage,
      status: this.#status.now,
      synced: this.#synced,
    });
  }

  start(): void {
    this.#stream.start();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#stream.stop(), this.#queue.stop(), this.#listing.stop()]);
  }

  #onStream(state: StreamState): void {
    switch (state.kind) {
      case 'idle':
      case 'stopped':
        return;
      case 'connecting':
      case 'waiting':
        this.#queue.pause();
        this.#listing.halt();
        if (state.reason !== undefined) this.#status.unreachable(state.reason);
        return;
      case 'streaming':
        this.#queue.resume();
        this.#listing.read(true);
        return;
    }
  }

  #onEvent(event: EngineEvent): void {
    if (this.#selfIds.has(event.containerId) && event.action !== 'kill') this.#queue.add(vantageKey);
    const facts = this.#world.factsOf(event.containerId);
    const effect = this.#world.heard(event);
    const follows = this.#world.follows(event.containerId);
    const matters = effect.changed || effect.inspect.includes(event.containerId);
    if (facts || follows) this.#with.observer?.onEvent(event, facts, { matters });
    this.#queueInspects(event.containerId, effect);
    this.#applied(event.containerId, effect.changed, !follows);
  }

  #onGap(reason: string): void {
    this.#status.eventsLost(reason);
    this.#listing.read(true);
  }

  #onRows(rows: readonly ContainerSummary[], everything: boolean): void {
    const { inspect } = this.#world.listed(rows, everything);
    this.#unanswered ??= new Set([vantageKey, ...inspect]);
    const { state } = this.#stream;
    this.#status.connected(state.kind === 'streaming' ? state.apiVersion : '');
    if (everything) this.#queue.add(vantageKey);
    for (const id of inspect) this.#queue.add(id);
  }

  async #inspect(id: string): Promise<void> {
    if (!this.#world.follows(id)) return this.#answered(id);
    const begun = this.#world.begin();
    let facts: ContainerFacts | undefined;
    try {
      facts = await this.#with.engine.inspect(id, this.#ending.signal);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      // An engine out of reach is the stream's to tell. One container that cannot be read must not hold up the rest.
      if (!isUnreachable(error)) {
        this.#status.containerUnreadable(id, messageOf(error));
        this.#answered(id);
      }
      throw error;
    }
    if (this.#ending.signal.aborted) return;
    this.#status.containerRead(id);
    const effect = this.#world.inspected(id, begun, facts);
    this.#queueInspects(id, effect);
    this.#applied(id, effect.changed, !this.#queue.waits(id));
    this.#answered(id);
  }

  /** Finds out where Sealane stands, also after its own networks changed. */
  async #locate(): Promise<void> {
    const { engine, identity } = this.#with;
    const { selfId } = this.#options;
    try {
      const inputs = await (identity ?? (() => readIdentityInputs(engine.endpoint, selfId)))();
      const located = await determineVantage(engine, inputs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      if (located.note !== undefined) this.#status.vantageUnclear(located.note);
      this.#selfIds = new Set(located.networkOwners);
      if (!isDeepStrictEqual(this.#vantage, located.vantage)) {
        this.#vantage = located.vantage;
        this.#changed();
      }
      this.#answered(vantageKey);
    } catch (error) {
      if (!this.#ending.signal.aborted && !isUnreachable(error)) this.#status.vantageUnclear(messageOf(error));
      throw error;
    }
  }

  #queueInspects(id: string, { inspect, recheck }: Effect): void {
    for (const next of inspect) {
      // A parent that the first list did not name belongs to its answer all the same.
      if (!this.#synced && next !== id) this.#unanswered?.add(next);
      this.#queue.add(next);
    }
    if (recheck) this.#queue.addAfter(id, recheckAfterMs);
  }

  #applied(id: string, changed: boolean, settled: boolean): void {
    this.#with.observer?.onApplied(id, { changed, settled });
    if (changed) this.#changed();
  }

  #answered(key: string): void {
    if (this.#synced || !this.#unanswered) return;
    this.#unanswered.delete(key);
    if (this.#unanswered.size > 0) return;
    this.#synced = true;
    this.#changed();
  }

  #changed(): void {
    this.#snapshot = undefined;
    if (!this.#ending.signal.aborted) this.#with.onChange();
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof EngineError && error.kind === 'unreachable';
}
