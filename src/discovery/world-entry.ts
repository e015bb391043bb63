import type { ContainerFacts } from '../docker/facts.ts';
import { signalName, signalNumber } from '../docker/signals.ts';

/**
 * What `World` knows of one container.
 */
/** A logical time: the number of events and list rows before it. */
export type Moment = number;

interface Tombstone {
  readonly diedAtNs: bigint;
  readonly moment: Moment;
  readonly contradicted: boolean;
}

export interface Entry {
  facts: ContainerFacts | undefined;
  /** The facts of the container while it is stopped, where it is followed then. */
  stopped: ContainerFacts | undefined;
  /** Set after a death: runs that started no later than `diedAtNs` are over. */
  tombstone: Tombstone | undefined;
  pausedAt: Moment;
  /** The last signal that may stop the container. */
  kill: { readonly signal: number; readonly atNs: bigint } | undefined;
  /** The last event or list row: an inspect that began earlier must not make the container forgotten. */
  heardAt: Moment;
  fingerprint: string | undefined;
  /** Whether the container is of interest itself; others are followed only as owners of a shared network namespace. */
  labelled: boolean;
}

export function newEntry(labelled: boolean): Entry {
  return {
    facts: undefined,
    stopped: undefined,
    tombstone: undefined,
    pausedAt: 0,
    kill: undefined,
    heardAt: 0,
    fingerprint: undefined,
    labelled,
  };
}

/**
 * The stop request that the signal makes, if it ends this run. A label `signal` hides the event's attribute: no
 * request.
 */
export function stopRequestOf(facts: ContainerFacts, kill: Entry['kill']): Pick<ContainerFacts, 'stopRequest'> {
  if (!kill || kill.atNs < facts.startedAtNs || Object.hasOwn(facts.labels, 'signal')) return {};
  if (kill.signal !== signalNumber('KILL') && kill.signal !== signalNumber(facts.stopSignal)) return {};
  return { stopRequest: { signal: signalName(kill.signal), atNs: kill.atNs } };
}

export function isLive({ state }: ContainerFacts): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
