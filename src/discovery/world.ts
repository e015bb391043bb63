import { isDeepStrictEqual } from 'node:util';
import type { ContainerFacts, ContainerSummary, EngineEvent } from '../docker/facts.ts';
import { signalName, signalNumber } from '../docker/signals.ts';

/**
 * What we know about the containers that concern us, and what must be looked at again. No clock, no I/O. Facts come from
 * inspects only: events say what changed, lists say which ids exist, and neither is believed further than that, with
 * exceptions: `die`, `pause` and the stop signal take effect at once, since every moment counts.
 */
export interface Effect {
  /** The set of containers, or the facts of one, changed. */
  readonly changed: boolean;
  /** Ids to inspect. */
  readonly inspect: readonly string[];
  /** The engine contradicts itself: ask again in a moment. */
  readonly recheck: boolean;
}

/** When an inspect was begun, as a count of all that had been heard before. */
export type Moment = number;

interface Tombstone {
  readonly diedAtNs: bigint;
  readonly moment: Moment;
  readonly contradicted: boolean;
}

interface Entry {
  facts: ContainerFacts | undefined;
  /** Runs that began no later than this are over. */
  tombstone: Tombstone | undefined;
  pausedAt: Moment;
  /** The signal it was sent last that may be the one that stops it. */
  kill: { readonly signal: number; readonly atNs: bigint } | undefined;
  /** Last time something was heard: an inspect begun earlier may not forget the container. */
  heardAt: Moment;
  fingerprint: string | undefined;
  /** Named by labels; otherwise only known as the owner of another's network namespace. */
  labelled: boolean;
}

const none: Effect = { changed: false, inspect: [], recheck: false };

export function hasLabelsOf(prefix: string, labels: Readonly<Record<string, string>>): boolean {
  for (const key in labels) if (key.startsWith(`${prefix}.`)) return true;
  return false;
}

export class World {
  readonly #labelPrefix: string;
  readonly #entries = new Map<string, Entry>();
  /** Some container shares another's network, or once did: with thousands that don't, nothing needs to be looked for. */
  #hasSharers = false;
  #now: Moment = 0;

  constructor(labelPrefix: string) {
    this.#labelPrefix = labelPrefix;
  }

  /** Call when an inspect begins, and hand the result to `inspected`. */
  begin(): Moment {
    return this.#now;
  }

  /** Whether an inspect of this id would still be of use. */
  follows(id: string): boolean {
    return this.#entries.has(id);
  }

  factsOf(id: string): ContainerFacts | undefined {
    return this.#entries.get(id)?.facts;
  }

  heard(event: EngineEvent): Effect {
    const known = this.#entries.get(event.containerId);
    const labelled = event.type === 'container' && hasLabelsOf(this.#labelPrefix, event.attributes);
    if (!known && !labelled) return none;
    switch (event.action) {
      // A created container has no address; a killed child process changes nothing by itself.
      case 'create':
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
        return { ...none, inspect: [event.containerId] };
    }
  }

  /** `everything` after a gap in the events, when unchanged rows prove nothing. */
  listed(rows: readonly ContainerSummary[], everything: boolean): Effect {
    const inspect: string[] = [];
    const present = new Set<string>();
    for (const row of rows) {
      present.add(row.id);
      const labelled = hasLabelsOf(this.#labelPrefix, row.labels);
      const known = this.#entries.get(row.id);
      if (!known && !labelled) continue;
      if (known && !everything && known.fingerprint === row.fingerprint) continue;
      this.#mark(row.id, labelled).fingerprint = row.fingerprint;
      inspect.push(row.id);
    }
    // The list is stale around events: what it lacks is asked for, not removed.
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue;
      entry.heardAt = ++this.#now;
      inspect.push(id);
    }
    return { ...none, inspect };
  }

  /** `facts` as of some time after `begun`; undefined when the engine has no such container. */
  inspected(id: string, begun: Moment, facts: ContainerFacts | undefined): Effect {
    const entry = this.#entries.get(id);
    if (!entry) return none;
    if (!facts || !isLive(facts)) return this.#gone(id, entry, begun);
    const disbelief = this.#disbelieve(entry, begun, facts);
    if (disbelief) return disbelief;
    entry.labelled = hasLabelsOf(this.#labelPrefix, facts.labels);
    // A pause that we heard of while the question was under way is newer than the answer.
    const believed: ContainerFacts = {
      ...facts,
      ...(entry.pausedAt > begun && facts.state === 'running' ? { state: 'paused' } : {}),
      ...stopRequestOf(facts, entry.kill),
    };
    if (entry.facts && isDeepStrictEqual(entry.facts, believed)) return none;
    entry.facts = believed;
    if (believed.networking.kind === 'container') this.#hasSharers = true;
    return { ...none, changed: true, inspect: this.#updateParents() };
  }

  /** Live containers with our labels and their parents. Facts that did not change are the same object as before. */
  containers(): ReadonlyMap<string, ContainerFacts> {
    const containers = new Map<string, ContainerFacts>();
    for (const [id, { facts }] of this.#entries) if (facts) containers.set(id, facts);
    return containers;
  }

  #mark(id: string, labelled: boolean): Entry {
    this.#now += 1;
    let entry = this.#entries.get(id);
    if (!entry) {
      entry = {
        facts: undefined,
        tombstone: undefined,
        pausedAt: 0,
        kill: undefined,
        heardAt: 0,
        fingerprint: undefined,
        labelled,
      };
      this.#entries.set(id, entry);
    }
    entry.heardAt = this.#now;
    entry.labelled ||= labelled;
    return entry;
  }

  #died(entry: Entry, event: EngineEvent): Effect {
    const id = event.containerId;
    // A replayed death of an earlier run than the one we know.
    if (entry.facts && entry.facts.startedAtNs > event.timeNs) return { ...none, inspect: [id] };
    if (!entry.tombstone || entry.tombstone.diedAtNs <= event.timeNs) {
      entry.tombstone = { diedAtNs: event.timeNs, moment: this.#now, contradicted: false };
    }
    const { changed, inspect } = this.#withoutFacts(entry);
    return { changed, inspect: [id, ...inspect], recheck: false };
  }

  /** A signal other than its own stop signal (or KILL) means something to the process alone. */
  #killed(entry: Entry, { attributes, timeNs }: EngineEvent): Effect {
    const signal = signalNumber(attributes['signal'] ?? '');
    if (signal === undefined) return none;
    const { facts } = entry;
    if (!facts) {
      // Not yet known what stops it: its inspect tells.
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
   * A start after the death needs no tombstone lifted: its own start time is later. One that seems to be before it means
   * that the engine's clock was set back.
   */
  #started(entry: Entry, event: EngineEvent): Effect {
    if (entry.tombstone && event.timeNs <= entry.tombstone.diedAtNs) entry.tombstone = undefined;
    return { ...none, inspect: [event.containerId] };
  }

  /** An answer that says a dead run is alive. Undefined when there is nothing to doubt. */
  #disbelieve(entry: Entry, begun: Moment, facts: ContainerFacts): Effect | undefined {
    const { tombstone } = entry;
    // `restarting` says itself that nothing runs.
    if (!tombstone || facts.state === 'restarting') return undefined;
    if (facts.startedAtNs > tombstone.diedAtNs) {
      entry.tombstone = undefined;
      return undefined;
    }
    // Asked before it died; the death has queued another inspect.
    if (begun < tombstone.moment) return none;
    // Asked afterwards: once may be a race in the engine, twice means that we missed a start and its clock was set back.
    if (tombstone.contradicted) {
      entry.tombstone = undefined;
      return undefined;
    }
    entry.tombstone = { ...tombstone, contradicted: true };
    return { ...none, recheck: true };
  }

  #gone(id: string, entry: Entry, begun: Moment): Effect {
    // When something was heard since the question was put, the answer to the next one decides whether to forget it.
    if (entry.heardAt <= begun) return this.#forget(id);
    return this.#withoutFacts(entry);
  }

  #forget(id: string): Effect {
    const entry = this.#entries.get(id);
    if (!entry) return none;
    // The owner of a network namespace is followed as long as ours refer to it: its next start concerns them.
    if (entry.labelled) this.#entries.delete(id);
    return this.#withoutFacts(entry);
  }

  #withoutFacts(entry: Entry): Effect {
    if (!entry.facts) return none;
    entry.facts = undefined;
    return { changed: true, inspect: this.#updateParents(), recheck: false };
  }

  /** Follows the owners of network namespaces that ours share, and no others. Returns those that are new. */
  #updateParents(): string[] {
    if (!this.#hasSharers) return [];
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

/** Whether this signal ends this run. A label named `signal` takes the place of the event's own attribute: no telling. */
function stopRequestOf(facts: ContainerFacts, kill: Entry['kill']): Pick<ContainerFacts, 'stopRequest'> {
  if (!kill || kill.atNs < facts.startedAtNs || Object.hasOwn(facts.labels, 'signal')) return {};
  if (kill.signal !== signalNumber('KILL') && kill.signal !== signalNumber(facts.stopSignal)) return {};
  return { stopRequest: { signal: signalName(kill.signal), atNs: kill.atNs } };
}

function isLive({ state }: ContainerFacts): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
