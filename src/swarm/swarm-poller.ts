import type { SwarmService, SwarmSnapshot } from '../docker/swarm/facts.ts';
import type { SwarmApi, SwarmEvent } from '../docker/swarm/swarm-api.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { everythingDue, isNothing, merged, nothingDue, type Due } from './due.ts';
import { closePauseMs, Durations, hintPauseMs, restPauseMs, slowMs, stirredForMs } from './pace.ts';
import { Stirs } from './stirs.ts';
import { subscribe } from './subscription.ts';
import { SwarmWorld } from './swarm-world.ts';

/**
 * Follows a Swarm with the calls of one manager: it subscribes, reads everything, and from then on asks again for what an
 * event is about, and for tasks at the pace of pace.ts. The calls follow one another, so that no answer is older than one
 * that took effect before.
 */
export interface SwarmPollerParts {
  readonly api: SwarmApi;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether the service's tasks are wanted. */
  readonly isLabelled: (service: SwarmService) => boolean;
  /** Everything was read, and took effect; `snapshot` is the same object as before where nothing changed. */
  readonly onRead: () => void;
  /** What is read now takes much longer than usual. */
  readonly onSlow: () => void;
  /** A call failed. Nothing more is asked until `start`. */
  readonly onFailure: (error: unknown) => void;
}

/** How often failed dials lead to a call. */
const suspectedForMs = 1000;
/**
 * How often services and nodes are asked for where no events are heard: a proxy may have forgotten a quiet stream, which
 * then neither tells anything nor ends.
 */
const unheardMs = 10_000;
/** More services than this are not named in a call where they are most of all, which then is for all tasks. */
const mostNamed = 100;

export class SwarmPoller {
  readonly #with: SwarmPollerParts;
  readonly #resyncIntervalMs: number;
  readonly #world: SwarmWorld;
  #ending = new AbortController();
  readonly #calls = new Set<Promise<void>>();
  #due: Due = nothingDue;
  #timer: Timer | undefined;
  #isRunning = false;
  /** When events were last heard. */
  #heardMs = -Infinity;
  #endedMs = 0;
  /** When all tasks were last read. */
  #sweptMs = 0;
  /** How long the calls for tasks took: of all of them at rest, and of what moves. */
  #sweepTookMs = 0;
  readonly #close = new Durations();
  /** When all services and nodes were last read. */
  #resyncedMs = 0;
  /** Whether services may be named in a call for tasks: just now one of those that were was gone. */
  #isNaming = true;
  readonly #stirs = new Stirs();
  /** When a service was last asked for since a dial failed. */
  readonly #suspected = new Map<string, number>();

  constructor(parts: SwarmPollerParts, { resyncIntervalMs }: { readonly resyncIntervalMs: number }) {
    this.#with = parts;
    this.#resyncIntervalMs = resyncIntervalMs;
    this.#world = new SwarmWorld(parts.isLabelled);
    this.#ending.abort();
  }

  /** The Swarm as last read; undefined before that. */
  get snapshot(): SwarmSnapshot | undefined {
    return this.#world.snapshot;
  }

  /** Whether it has begun, and neither failed nor was halted since. */
  get isActive(): boolean {
    return !this.#ending.signal.aborted;
  }

  /** Begins, or goes on after `halt` or a failure, with everything that may have changed meanwhile. */
  start(): void {
    this.halt();
    this.#ending = new AbortController();
    this.#track(this.#subscribe(this.#ending.signal));
    // Tasks are polled, whether or not events will be heard.
    if (this.#world.snapshot) this.#ask(everythingDue);
  }

  halt(): void {
    this.#ending.abort();
    this.#timer?.cancel();
    this.#isRunning = false;
    this.#due = nothingDue;
  }

  /** Resolves when no call is left. */
  async stop(): Promise<void> {
    this.halt();
    await Promise.all(this.#calls);
  }

  /** Something happened to a container of the service. */
  hint(serviceId: string): void {
    if (!this.#world.isLabelled(serviceId)) return;
    if (!this.#world.isFailing(serviceId)) this.#stirs.service(serviceId, this.#with.clock.nowMs());
    this.#ask({ ...nothingDue, tasks: new Set([serviceId]) });
  }

  /** A dial of a task of the service failed. Clients may go on dialing one that does not answer. */
  suspect(serviceId: string): void {
    const nowMs = this.#with.clock.nowMs();
    const lastMs = this.#suspected.get(serviceId) ?? -Infinity;
    if (!this.#world.isLabelled(serviceId) || nowMs - lastMs < suspectedForMs) return;
    this.#suspected.set(serviceId, nowMs);
    this.#ask({ ...nothingDue, tasks: new Set([serviceId]) });
  }

  #subscribe(signal: AbortSignal): Promise<void> {
    const handlers = {
      onOpen: () => this.#ask(everythingDue),
      onEvent: (event: SwarmEvent) => this.#heard(event),
      onClosed: () => this.#world.snapshot || this.#ask(everythingDue),
    };
    return subscribe(this.#with, handlers, signal);
  }

  #heard(event: SwarmEvent): void {
    this.#heardMs = this.#with.clock.nowMs();
    if (event.kind === 'unreadable') return this.#ask(everythingDue);
    if (event.kind === 'node') return this.#ask({ ...nothingDue, nodes: true, tasks: 'all' });
    const ids = new Set([event.id]);
    const isLabelled = this.#world.isLabelled(event.id);
    if (isLabelled) this.#stirs.service(event.id, this.#heardMs);
    this.#ask({ ...nothingDue, services: ids, ...(isLabelled && { tasks: ids }) });
  }

  #ask(due: Due): void {
    this.#due = merged(this.#due, due);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#isRunning || this.#ending.signal.aborted) return;
    const delayMs = Math.max(0, this.#nextAtMs() - this.#with.clock.nowMs());
    this.#timer = this.#with.clock.after(delayMs, () => this.#track(this.#run(this.#ending.signal)));
  }

  #nextAtMs(): number {
    if (!isNothing(this.#due)) {
      const tookMs = this.#due.tasks === 'all' ? this.#sweepTookMs : this.#close.lastMs;
      return this.#world.snapshot ? this.#endedMs + hintPauseMs(tookMs) : 0;
    }
    const restAtMs = Math.min(this.#restAtMs(), this.#resyncAtMs());
    const moving = this.#moving();
    if (moving.length === 0) return restAtMs;
    const latestMs = Math.max(...moving.map((id) => this.#stirs.lastMs(id)));
    const quietMs = this.#with.clock.nowMs() - latestMs;
    return Math.min(restAtMs, this.#endedMs + closePauseMs(this.#close, quietMs));
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    const slow = this.#with.clock.after(slowMs(this.#sweepTookMs), () => signal.aborted || this.#with.onSlow());
    try {
      await this.#read(this.#takeDue(), signal);
    } catch (error) {
      if (signal.aborted) return;
      this.halt();
      this.#with.onFailure(error);
      return;
    } finally {
      slow.cancel();
    }
    if (signal.aborted) return;
    this.#isRunning = false;
    this.#with.onRead();
    this.#schedule();
  }

  #takeDue(): Due {
    const nowMs = this.#with.clock.nowMs();
    let due = this.#due;
    this.#due = nothingDue;
    // An event may have been lost, as behind a proxy that cuts the stream off.
    if (nowMs >= this.#resyncAtMs()) due = { ...due, services: 'all', nodes: true };
    if (nowMs >= this.#restAtMs()) due = { ...due, tasks: 'all' };
    return merged(due, { ...nothingDue, tasks: new Set(this.#moving()) });
  }

  async #read(due: Due, signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#with;
    const asked = due.services === 'all' ? due.services : [...due.services];
    if (asked === 'all') this.#resyncedMs = clock.nowMs();
    const calls = {
      services: asked === 'all' || asked.length > 0 ? api.services(asked, signal) : undefined,
      nodes: due.nodes ? api.nodes(signal) : undefined,
    };
    // Where both fail, the error is that of the services each time, so that its message does not alternate.
    calls.nodes?.catch(() => {});
    const services = await calls.services;
    const nodes = await calls.nodes;
    signal.throwIfAborted();
    const found = services ? this.#world.haveServices(services, asked) : [];
    if (nodes) this.#world.haveNodes(nodes);
    const { tasks } = merged(due, { ...nothingDue, tasks: new Set(found) });
    this.#isNaming = await this.#readTasks(tasks, signal);
    signal.throwIfAborted();
    // What was told takes effect together with the tasks.
    if (!this.#isNaming) return this.#ask({ services: 'all', nodes: false, tasks });
    const nowMs = clock.nowMs();
    const changes = this.#world.commit(nowMs);
    if (changes.nodes) this.#stirs.all(nowMs);
    for (const id of changes.services) {
      if (!this.#world.isLabelled(id)) this.#suspected.delete(id);
      else if (!this.#world.isFailing(id)) this.#stirs.service(id, nowMs);
    }
    this.#stirs.keep((id) => this.#world.isLabelled(id));
  }

  /** False where a service was named that is gone meanwhile, so that nothing was told. */
  async #readTasks(wanted: Due['tasks'], signal: AbortSignal): Promise<boolean> {
    const { api, clock } = this.#with;
    const labelled = this.#world.labelled();
    const ids = wanted === 'all' ? labelled : labelled.filter((id) => wanted.has(id));
    const { serviceCount } = this.#world;
    const isMost = ids.length > mostNamed && ids.length > serviceCount / 2;
    const isForAll = isMost || ids.length === serviceCount || !this.#isNaming;
    const isSweep = isForAll || ids.length === labelled.length;
    const beganMs = clock.nowMs();
    if (ids.length > 0) {
      const live = await api.tasks({ kind: 'live', services: isForAll ? 'all' : ids }, signal);
      signal.throwIfAborted();
      if (!live) {
        this.#endedMs = clock.nowMs();
        return false;
      }
      const left = this.#world.haveLive(live, isSweep ? labelled : ids, clock.nowMs());
      const found = left.length > 0 ? await api.tasks({ kind: 'ids', ids: left }, signal) : [];
      signal.throwIfAborted();
      this.#world.haveLeft(found ?? [], left);
    }
    this.#endedMs = clock.nowMs();
    const tookMs = this.#endedMs - beganMs;
    if (isSweep) this.#sweptMs = this.#endedMs;
    if (wanted === 'all') this.#sweepTookMs = tookMs;
    else if (ids.length > 0) this.#close.add(tookMs);
    return true;
  }

  #moving(): readonly string[] {
    const nowMs = this.#with.clock.nowMs();
    return this.#world
      .labelled()
      .filter((id) => this.#stirs.lastMs(id) + stirredForMs > nowMs || this.#world.isMoving(id));
  }

  #restAtMs(): number {
    return this.#sweptMs + restPauseMs(this.#sweepTookMs);
  }

  #resyncAtMs(): number {
    const unheardAtMs = Math.max(this.#heardMs, this.#resyncedMs) + unheardMs;
    return Math.min(unheardAtMs, this.#resyncedMs + this.#resyncIntervalMs);
  }

  #track(call: Promise<void>): void {
    const tracked = call.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
  }
}
