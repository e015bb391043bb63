import { isUnreachable, type Engine } from '../docker/engine.ts';
import { createEventStream, type EventStream, type EventStreamOptions } from '../docker/events/event-stream.ts';
import type { ContainerFacts, ContainerSummary, EngineEvent, EngineSnapshot } from '../docker/facts.ts';
import { keptShapes } from '../docker/json/kept-shapes.ts';
import type { IdentityInputs } from '../docker/identity/identity.ts';
import type { StreamState } from '../docker/events/stream-state.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { watchCalls } from './watch/call-watch.ts';
import { Confirmations } from './watch/confirmations.ts';
import { askedContainer } from './addresses/proof.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import type { InterestRules } from './interest.ts';
import { createListing, type Listing } from './listing.ts';
import { Locator } from './locator.ts';
import { ProcessWatch, type Processes } from './watch/process-watch.ts';
import type { StreamListener, WatchObserver } from './watch/observer.ts';
import { SyncState } from './watch/sync-state.ts';
import { WatchStatus } from './watch/watch-status.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';
import { World, type Effect } from './world.ts';
import { messageOf } from '../text/message-of.ts';

/**
 * The shell around `World` that keeps the snapshot of an engine's labelled containers current. It subscribes, then
 * lists, then inspects the containers that the list and the events name. Events need no buffer while the list is read:
 * facts come from inspects alone, so an event that overtakes the list is not lost.
 */
export interface EngineWatcher {
  /** The last known state of the engine; the same object until something changes. */
  snapshot(): EngineSnapshot;
  /** Sets the Swarm services whose containers are followed although they have no label of Sealane. */
  followServices(serviceIds: ReadonlySet<string>): void;
  /** Asks the engine whether the run of a container still has the address (see AddressProof). */
  confirm(endpoint: Endpoint): Promise<boolean>;
  start(): void;
  /** Resolves when no call, timer or connection is left. From then on `onChange` is not called. */
  stop(): Promise<void>;
}

export interface WatcherCollaborators {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Called in the same turn in which the snapshot changed; must be quick. */
  readonly onChange: () => void;
  /** Observes the events, for metrics; reconciling is level-based and does not need it. */
  readonly observer?: WatchObserver;
  readonly listener?: StreamListener;
  /** Reads the traces of Sealane's own container; from this machine unless given. */
  readonly identity?: () => Promise<IdentityInputs>;
  /** The processes of this machine; those of its kernel unless given. */
  readonly processes?: Processes;
}

interface WatcherOptions extends InterestRules {
  /** The time between full lists while events flow, with a tenth of jitter; 5 minutes unless given. */
  readonly resyncIntervalMs?: number;
  /** The id or name of the container that Sealane runs in, for when it can't be detected. */
  readonly selfId?: string;
  /** Whether stopped containers that sleep are followed, and their compose projects; false unless given. */
  readonly followsStopped?: boolean;
  readonly stream?: Partial<EventStreamOptions>;
}

export function createWatcher(collaborators: WatcherCollaborators, options: WatcherOptions): EngineWatcher {
  return new WorldWatcher(collaborators, options);
}

const defaultResyncIntervalMs = 5 * 60_000;
/** Eight inspects at once use several of the engine's cores and leave it some; an inspect takes 0.6 ms. */
const inspectConcurrency = 8;
const inspectRetry = { firstMs: 100, maxMs: 30_000 };
/** Measured: the engine's list was correct 52-82 ms after a death, so one second is a wide margin. */
const recheckAfterMs = 1000;
/** The pause between two full lists that gaps in the events lead to. */
const relistPauseMs = 1000;
/** The queue key of the vantage, which no container id or name can equal: those begin with a letter or digit. */
const vantageKey = ':vantage';

class WorldWatcher implements EngineWatcher {
  readonly #with: WatcherCollaborators;
  readonly #world: World;
  readonly #queue: WorkQueue;
  readonly #stream: EventStream;
  readonly #listing: Listing;
  readonly #locator: Locator;
  readonly #processes: ProcessWatch;
  readonly #confirmations: Confirmations;
  readonly #ending = new AbortController();
  readonly #status: WatchStatus;
  #snapshot: EngineSnapshot | undefined;
  readonly #sync = new SyncState();
  /** Whether a gap in the events has led to a full list a moment ago, and another gap was found since. */
  #relist: 'idle' | 'busy' | 'again' = 'idle';
  #relistTimer: Timer | undefined;

  constructor(given: WatcherCollaborators, options: WatcherOptions) {
    const { followsStopped = false, resyncIntervalMs = defaultResyncIntervalMs } = options;
    this.#world = new World(options.labelPrefix, options.expose, followsStopped);
    this.#status = new WatchStatus(given.logger, given.engine, () => this.#changed());
    const engine = watchCalls(given.engine, given.clock, {
      onWaiting: (call, waitedMs) => this.#status.waiting(call, waitedMs),
      onSlow: (call, tookMs) => this.#status.slow(call, tookMs),
      onPrompt: () => this.#status.prompt(),
    });
    const collaborators = { ...given, engine };
    this.#with = collaborators;
    this.#locator = new Locator({ ...collaborators, onChange: () => this.#changed() }, options.selfId);
    this.#queue = createWorkQueue(collaborators, {
      concurrency: inspectConcurrency,
      retry: inspectRetry,
      work: (key) => (key === vantageKey ? this.#locate() : this.#inspect(key)),
    });
    this.#processes = new ProcessWatch(given, (id) => this.#onProcessEnd(id));
    this.#confirmations = new Confirmations((id) => engine.inspect(id, this.#ending.signal).catch(() => undefined));
    // Inspects wait until the engine is connected.
    this.#queue.pause();
    this.#listing = createListing(
      collaborators,
      {
        onRows: (rows, everything) => this.#onRows(rows, everything),
        // Events may flow while the list fails, e.g. because a socket proxy forbids it: the snapshot gets outdated.
        onFailure: (error) => this.#status.unreachable(messageOf(error)),
      },
      { intervalMs: resyncIntervalMs, which: followsStopped ? 'all' : 'live' },
    );
    this.#stream = createEventStream(
      collaborators,
      {
        onState: (state) => this.#onStream(state),
        onEvent: (event) => this.#onEvent(event),
        onGap: (reason) => this.#onGap(reason),
      },
      { kept: keptShapes(options.labelPrefix).event, ...options.stream },
    );
  }

  snapshot(): EngineSnapshot {
    return (this.#snapshot ??= {
      containers: this.#world.containers(),
      stopped: this.#world.stopped(),
      vantage: this.#locator.vantage,
      status: this.#status.now,
      synced: this.#sync.isSynced,
    });
  }

  followServices(serviceIds: ReadonlySet<string>): void {
    const effect = this.#world.followServices(serviceIds);
    if (!effect) return;
    for (const id of effect.inspect) this.#queue.add(id);
    this.#sync.awaitList();
    this.#changed();
    if (this.#stream.state.kind === 'streaming') this.#listing.read(false);
  }

  async confirm(endpoint: Endpoint): Promise<boolean> {
    const id = askedContainer(endpoint);
    if (id === undefined || !this.#world.factsOf(id)) return false;
    const isConfirmed = await this.#confirmations.confirm(endpoint);
    // The container has ended, or is on another network: there is news, of which no event has told yet.
    if (!isConfirmed && !this.#ending.signal.aborted) this.#queue.add(id);
    return isConfirmed;
  }

  start(): void {
    this.#stream.start();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#relistTimer?.cancel();
    this.#locator.stop();
    this.#processes.stop();
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
        if (state.kind === 'waiting') this.#with.listener?.onLost();
        if (state.reason !== undefined) this.#status.unreachable(state.reason);
        return;
      case 'streaming':
        this.#queue.resume();
        this.#listing.read(true);
        this.#with.listener?.onOpen();
        return;
    }
  }

  #onEvent(event: EngineEvent): void {
    this.#with.listener?.onEvent(event);
    if (this.#locator.isOwn(event.containerId) && event.action !== 'kill') this.#queue.add(vantageKey);
    const facts = this.#world.factsOf(event.containerId);
    const effect = this.#world.heard(event);
    const follows = this.#world.follows(event.containerId);
    const matters = effect.changed || effect.inspect.includes(event.containerId);
    if (facts || follows) this.#with.observer?.onEvent(event, facts, { matters });
    this.#queueInspects(event.containerId, effect);
    this.#applied(event.containerId, effect.changed, !follows);
  }

  /** The kernel tells of a death before the engine does. It counts as the engine's event, which is yet to come. */
  #onProcessEnd(containerId: string): void {
    const timeNs = BigInt(Math.trunc(this.#with.clock.wallMs())) * 1_000_000n;
    const effect = this.#world.heard({ type: 'container', action: 'die', containerId, attributes: {}, timeNs });
    this.#queueInspects(containerId, effect);
    this.#applied(containerId, effect.changed, false);
  }

  /** A flood of unreadable events costs one full list at a time, with a pause after each, and one line in the log. */
  #onGap(reason: string): void {
    if (this.#relist !== 'idle') return void (this.#relist = 'again');
    this.#status.eventsLost(reason);
    this.#readAgain();
  }

  #readAgain(): void {
    this.#relistTimer?.cancel();
    this.#relist = 'busy';
    this.#listing.read(true);
  }

  #onFullList(): void {
    this.#relistTimer?.cancel();
    this.#relistTimer = this.#with.clock.after(relistPauseMs, () => {
      const again = this.#relist === 'again';
      this.#relist = 'idle';
      if (again && this.#stream.state.kind === 'streaming') this.#readAgain();
    });
  }

  #onRows(rows: readonly ContainerSummary[], everything: boolean): void {
    const { inspect } = this.#world.listed(rows, everything);
    if (this.#sync.listed(inspect, vantageKey)) this.#changed();
    const { state } = this.#stream;
    this.#status.connected(state.kind === 'streaming' ? state.apiVersion : '');
    if (everything) {
      this.#queue.add(vantageKey);
      this.#onFullList();
    }
    for (const id of inspect) this.#queue.add(id);
  }

  async #inspect(id: string): Promise<void> {
    if (!this.#world.follows(id)) return this.#answered(id);
    const begun = this.#world.begin();
    let facts: ContainerFacts | undefined;
    try {
      const answer = await this.#with.engine.inspect(id, this.#ending.signal);
      facts = answer && this.#processes.onlySeen(answer);
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      // The event stream reports an unreachable engine. A single unreadable container must not delay the first sync.
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
    // The queue asks again, less and less often.
    if (facts?.isIncomplete) throw new Error('an address is unknown yet');
  }

  /** Determines the vantage, at the start and whenever Sealane's own networks changed. */
  async #locate(): Promise<void> {
    try {
      const note = await this.#locator.locate(this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      if (note !== undefined) this.#status.vantageUnclear(note);
      this.#answered(vantageKey);
    } catch (error) {
      if (!this.#ending.signal.aborted && !isUnreachable(error)) this.#status.vantageUnclear(messageOf(error));
      throw error;
    }
  }

  #queueInspects(id: string, { inspect, recheck, relist }: Effect): void {
    for (const next of inspect) {
      if (next !== id) this.#sync.needs(next);
      this.#queue.add(next);
    }
    if (recheck) this.#queue.addAfter(id, recheckAfterMs);
    if (relist && this.#stream.state.kind === 'streaming') this.#listing.read(false);
  }

  #applied(id: string, changed: boolean, settled: boolean): void {
    this.#with.observer?.onApplied(id, { changed, settled });
    if (!changed) return;
    this.#processes.follow(id, this.#world.factsOf(id)?.process);
    this.#changed();
  }

  #answered(key: string): void {
    if (this.#sync.answered(key)) this.#changed();
  }

  #changed(): void {
    this.#snapshot = undefined;
    if (!this.#ending.signal.aborted) this.#with.onChange();
  }
}
