import { isDeepStrictEqual } from 'node:util';
import type { ContainerFacts, ContainerSummary, EngineEvent } from '../docker/facts.ts';
import { Interest, type Expose } from './interest.ts';
import { signalNumber } from '../docker/signals.ts';
import { isLive, newEntry, stopRequestOf, type Entry, type Moment } from './world-entry.ts';

/**
 * Owns the facts about followed containers, and decides which to inspect. Has no clock and no I/O. Facts come from
 * inspects only: events tell which containers changed, lists tell which ids exist. The exceptions are `die`, `pause`
 * and the stop signal, which take effect at once, since every moment counts.
 */
export interface Effect {
  /** Whether the set of containers or the facts of a container changed. */
  readonly changed: boolean;
  /** The ids to inspect. */
  readonly inspect: readonly string[];
  /** Whether the engine contradicts itself, or may not be that far yet: the container must be inspected again soon. */
  readonly recheck: boolean;
  /** Set where containers are to be followed from now on that only a list names. */
  readonly relist?: true;
}

const none: Effect = { changed: false, inspect: [], recheck: false };

export class World {
  readonly #interest: Interest;
  readonly #entries = new Map<string, Entry>();
  /**
   * Whether a container that is of no interest itself is followed, or once was; if not, thousands need not be searched for it.
   */
  #hasStrangers = false;
  #now: Moment = 0;

  /** `followsStopped`: whether stopped containers that sleep are followed, and all of their compose projects. */
  constructor(labelPrefix: string, expose: Expose = 'labelled', followsStopped = false) {
    this.#interest = new Interest(labelPrefix, expose, followsStopped);
  }

  /** Call when an inspect begins, and pass the result to `inspected`. */
  begin(): Moment {
    return this.#now;
  }

  /** Whether the container is followed, so that an inspect of it is useful. */
  follows(id: string): boolean {
    return this.#entries.has(id);
  }

  factsOf(id: string): ContainerFacts | undefined {
    return this.#entries.get(id)?.facts;
  }

  heard(event: EngineEvent): Effect {
    const isNewProject = event.type === 'container' && this.#interest.followProjectOf(event.attributes);
    const effect = this.#heard(event);
    return isNewProject ? { ...effect, relist: true } : effect;
  }

  #heard(event: EngineEvent): Effect {
    const known = this.#entries.get(event.containerId);
    const labelled = event.type === 'container' && this.#interest.isIn(event.attributes);
    if (!known && !labelled) return none;
    switch (event.action) {
      // A created container has no address yet; the kernel's kill of a child process alone changes no facts.
      case 'create':
        if (!this.#interest.keepsStopped(event.attributes)) return none;
        this.#mark(event.containerId, labelled);
        return { ...none, inspect: [event.containerId] };
      case 'oom':
        return none;
      case 'kill':
        return known ? this.#killed(known, event) : none;
      case 'destroy':
        return this.#forget(event.containerId);
      case 'die':
        return this.#died(this.#mark(event.containerId, labelled), event);
      case 'pause':
        return this.#paused(this.#mark(event.containerId, labelled), event);
      case 'start':
        return this.#started(this.#mark(event.containerId, labelled), event);
      default:
        this.#mark(event.containerId, labelled);
        return { ...none, inspect: [event.containerId], recheck: event.isEarly === true };
    }
  }

  /**
   * Sets the Swarm services whose containers are followed although they have no label of Sealane. Returns undefined where
   * these are the same as before; else, the containers of new ones are known with the next list.
   */
  followServices(serviceIds: ReadonlySet<string>): Effect | undefined {
    if (!this.#interest.follow(serviceIds)) return undefined;
    let changed = false;
    for (const entry of this.#entries.values()) {
      if (!entry.facts) continue;
      const labelled = this.#interest.isIn(entry.facts.labels);
      changed ||= entry.labelled && !labelled;
      // Or it was followed as the owner of a network until now, and is by itself from now on.
      entry.labelled = labelled;
    }
    this.#hasStrangers ||= changed;
    return { ...none, changed, inspect: this.#updateParents() };
  }

  /** `everything` is true after a gap in the events, when even containers with unchanged rows must be inspected. */
  listed(rows: readonly ContainerSummary[], everything: boolean): Effect {
    const inspect: string[] = [];
    const present = new Set<string>();
    for (const row of rows) this.#interest.followProjectOf(row.labels);
    for (const row of rows) {
      if (row.isStopped && !this.#interest.keepsStopped(row.labels)) continue;
      present.add(row.id);
      const labelled = this.#interest.isIn(row.labels);
      const known = this.#entries.get(row.id);
      if (!known && !labelled) continue;
      if (known && !everything && known.fingerprint === row.fingerprint) continue;
      this.#mark(row.id, labelled).fingerprint = row.fingerprint;
      inspect.push(row.id);
    }
    // The list may be stale around events: a container that it lacks is inspected, not removed.
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue;
      entry.heardAt = ++this.#now;
      inspect.push(id);
    }
    return { ...none, inspect };
  }

  /** `facts` are from some time after `begun`; undefined when the engine has no such container. */
  inspected(id: string, begun: Moment, facts: ContainerFacts | undefined): Effect {
    const entry = this.#entries.get(id);
    if (!entry) return none;
    if (facts && !isLive(facts) && isStartable(facts) && this.#interest.keepsStopped(facts.labels))
      return this.#rests(entry, facts);
    if (!facts || !isLive(facts)) return this.#gone(id, entry, begun);
    const disbelief = this.#disbelieve(entry, begun, facts);
    if (disbelief) return disbelief;
    entry.labelled = this.#interest.isIn(facts.labels);
    // It may be of a service that is followed no more.
    if (!entry.labelled) this.#hasStrangers = true;
    // A pause event during the inspect is newer than its answer.
    const believed: ContainerFacts = {
      ...facts,
      ...(entry.pausedAt > begun && facts.state === 'running' ? { state: 'paused' } : {}),
      ...stopRequestOf(facts, entry.kill),
    };
    if (entry.facts && isDeepStrictEqual(entry.facts, believed)) return none;
    entry.facts = believed;
    entry.stopped = undefined;
    if (believed.networking.kind === 'container') this.#hasStrangers = true;
    return { ...none, changed: true, inspect: this.#updateParents() };
  }

  /** The live containers that are of interest, and their parents. Facts that did not change stay the same object. */
  containers(): ReadonlyMap<string, ContainerFacts> {
    const containers = new Map<string, ContainerFacts>();
    for (const [id, { facts }] of this.#entries) if (facts) containers.set(id, facts);
    return containers;
  }

  /** The stopped containers that are followed. Facts that did not change stay the same object. */
  stopped(): ReadonlyMap<string, ContainerFacts> {
    const containers = new Map<string, ContainerFacts>();
    for (const [id, { stopped }] of this.#entries) if (stopped) containers.set(id, stopped);
    return containers;
  }

  #mark(id: string, labelled: boolean): Entry {
    this.#now += 1;
    const entry = this.#entries.get(id) ?? newEntry(labelled);
    this.#entries.set(id, entry);
    entry.heardAt = this.#now;
    entry.labelled ||= labelled;
    return entry;
  }

  #died(entry: Entry, event: EngineEvent): Effect {
    const id = event.containerId;
    // The event is the replayed death of an earlier run than the known one.
    if (entry.facts && entry.facts.startedAtNs > event.timeNs) return { ...none, inspect: [id] };
    if (!entry.tombstone || entry.tombstone.diedAtNs <= event.timeNs) {
      entry.tombstone = { diedAtNs: event.timeNs, moment: this.#now, contradicted: false };
    }
    const { facts } = entry;
    const { changed, inspect } = this.#withoutFacts(entry);
    // A container that sleeps is asleep at once: its service is at no moment without a container.
    if (facts && this.#interest.keepsStopped(facts.labels)) entry.stopped = { ...facts, state: 'exited' };
    return { changed, inspect: [id, ...inspect], recheck: false };
  }

  /** Handles a signal. One other than the container's stop signal or KILL concerns only its process. */
  #killed(entry: Entry, { attributes, timeNs }: EngineEvent): Effect {
    const signal = signalNumber(attributes['signal'] ?? '');
    if (signal === undefined) return none;
    const { facts } = entry;
    if (!facts) {
      // The stop signal is unknown until the inspect.
      entry.kill = { signal, atNs: timeNs };
      return none;
    }
    const stop = stopRequestOf(facts, { signal, atNs: timeNs });
    if (!stop.stopRequest || facts.stopRequest) return none;
    entry.kill = { signal, atNs: timeNs };
    entry.facts = { ...facts, ...stop };
    return { ...none, changed: true };
  }

  #paused(entry: Entry, event: EngineEvent): Effect {
    entry.pausedAt = this.#now;
    const changed = entry.facts?.state === 'running';
    if (entry.facts && changed) entry.facts = { ...entry.facts, state: 'paused' };
    return { changed, inspect: [event.containerId], recheck: false };
  }

  /**
   * Handles a start. A start after the death passes the tombstone, since its start time is later. A start that seems to
   * be before the death means that the engine's clock was set back, so the tombstone is removed.
   */
  #started(entry: Entry, event: EngineEvent): Effect {
    if (entry.tombstone && event.timeNs <= entry.tombstone.diedAtNs) entry.tombstone = undefined;
    return { ...none, inspect: [event.containerId] };
  }

  /** Rejects facts that say that a dead run is alive; undefined when the facts are plausible. */
  #disbelieve(entry: Entry, begun: Moment, facts: ContainerFacts): Effect | undefined {
    const { tombstone } = entry;
    // A restarting container does not claim to run.
    if (!tombstone || facts.state === 'restarting') return undefined;
    if (facts.startedAtNs > tombstone.diedAtNs) {
      entry.tombstone = undefined;
      return undefined;
    }
    // The inspect began before the death, which has queued another inspect.
    if (begun < tombstone.moment) return none;
    // The inspect began after the death. Once this may be a race in the engine; twice it means that a start event was
    // missed and the engine's clock was set back.
    if (tombstone.contradicted) {
      entry.tombstone = undefined;
      return undefined;
    }
    entry.tombstone = { ...tombstone, contradicted: true };
    return { ...none, recheck: true };
  }

  /** The container is stopped, and is followed all the same. Who asked for the stop is known from events alone. */
  #rests(entry: Entry, facts: ContainerFacts): Effect {
    if (entry.facts && entry.facts.startedAtNs > facts.startedAtNs) return none;
    const { startedAtNs, stopRequest } = entry.stopped ?? {};
    const stopped = startedAtNs === facts.startedAtNs && stopRequest ? { ...facts, stopRequest } : facts;
    entry.labelled = true;
    const { changed, inspect } = this.#withoutFacts(entry);
    const isSame = isDeepStrictEqual(entry.stopped, stopped);
    if (!isSame) entry.stopped = stopped;
    return { changed: changed || !isSame, inspect, recheck: false };
  }

  #gone(id: string, entry: Entry, begun: Moment): Effect {
    // After an event during the inspect, the next inspect decides whether the container is forgotten.
    if (entry.heardAt <= begun) return this.#forget(id);
    return this.#withoutFacts(entry);
  }

  #forget(id: string): Effect {
    const entry = this.#entries.get(id);
    if (!entry) return none;
    // The owner of a network namespace is followed while labelled containers share it, since its next start concerns
    // them.
    if (entry.labelled) this.#entries.delete(id);
    const wasStopped = entry.stopped !== undefined;
    entry.stopped = undefined;
    const effect = this.#withoutFacts(entry);
    return wasStopped ? { ...effect, changed: true } : effect;
  }

  #withoutFacts(entry: Entry): Effect {
    if (!entry.facts) return none;
    entry.facts = undefined;
    return { changed: true, inspect: this.#updateParents(), recheck: false };
  }

  /** Follows exactly the owners of network namespaces that labelled containers share. Returns the new ones. */
  #updateParents(): string[] {
    if (!this.#hasStrangers) return [];
    const needed = new Set<string>();
    for (const entry of this.#entries.values()) {
      const { facts } = entry;
      if (entry.labelled && facts?.networking.kind === 'container') {
        needed.add(facts.networking.of);
      }
    }
    for (const [id, entry] of this.#entries) if (!entry.labelled && !needed.has(id)) this.#entries.delete(id);
    const added = [...needed].filter((id) => !this.#entries.has(id));
    for (const id of added) this.#mark(id, false);
    return added;
  }
}

/** Whether the engine may start the stopped container. */
function isStartable({ state }: ContainerFacts): boolean {
  return state === 'exited' || state === 'created';
}
