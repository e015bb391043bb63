import type { Clock } from '../../time/clock.ts';
import type { ContainerFacts, NetworkAttachment } from '../facts.ts';
import { OptionalCall } from './optional-call.ts';

/**
 * Adds the address on `docker_gwbridge` to the facts of containers on an overlay network, by which the engine's host
 * reaches them: the overlay itself is in a network namespace of its own. An inspect does not tell it, but that of the bridge
 * does, for all containers at once. Where the engine does not tell, as behind a proxy that forbids the call, the address
 * stays unknown.
 */
export class GatewayAddresses {
  readonly #read: ReadGateway;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  #latest: OptionalCall<GatewayAttachments> | undefined;

  constructor(read: ReadGateway, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Never rejects: a container is served although this address of it is unknown. */
  async addTo(facts: ContainerFacts, signal?: AbortSignal): Promise<ContainerFacts> {
    const { id, networking, startedAtNs } = facts;
    if (!isOnOverlay(facts) || networking.kind !== 'networks') return facts;
    const known = this.#known.get(id);
    const attachment = known?.startedAtNs === startedAtNs ? known.attachment : await this.#find(id, signal);
    if (attachment === 'failed') return { ...facts, isIncomplete: true };
    if (!attachment) return facts;
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(id, { startedAtNs, attachment });
    const attachments = [...networking.attachments, attachment].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { ...facts, networking: { ...networking, attachments } };
  }

  async #find(id: string, signal: AbortSignal | undefined): Promise<NetworkAttachment | 'failed' | undefined> {
    // A call that is under way is joined, although it may have begun before the container was on the bridge.
    const joined = this.#latest?.isOver === false ? this.#latest : undefined;
    const found = joined ? (await joined.answer(signal))?.get(id) : undefined;
    if (found) return found;
    const call = this.#next(joined);
    const told = await call.answer(signal);
    return told || call.isRefused ? told?.get(id) : 'failed';
  }

  /** A call that began later than `earlier`; that one itself where the engine does not tell, and need not be asked again. */
  #next(earlier: OptionalCall<GatewayAttachments> | undefined): OptionalCall<GatewayAttachments> {
    const latest = this.#latest;
    if (latest && (latest.isUnanswered || (latest !== earlier && !latest.isOver))) return latest;
    this.#latest = new OptionalCall((signal) => this.#read(signal), this.#clock);
    return this.#latest;
  }
}

/** The attachments to the bridge, by container; none where there is no such bridge. */
export type GatewayAttachments = ReadonlyMap<string, NetworkAttachment>;

type ReadGateway = (signal: AbortSignal) => Promise<GatewayAttachments | undefined>;

interface Known {
  readonly startedAtNs: bigint;
  readonly attachment: NetworkAttachment;
}

function isOnOverlay({ state, networking }: ContainerFacts): boolean {
  const isRunning = state === 'running' || state === 'paused';
  return (
    isRunning && networking.kind === 'networks' && networking.attachments.some(({ driver }) => driver === 'overlay')
  );
}

/** A node runs hundreds of containers at once; those of years would pile up. */
const mostKnown = 10_000;
