import type { Clock } from '../../time/clock.ts';
import type { ContainerFacts, NetworkAttachment } from '../facts.ts';
import { OptionalCall } from './optional-call.ts';

/**
 * Adds the drivers of networks to the facts of containers, and which are internal. The engine is asked once for each
 * network, since neither ever changes. Where it does not tell, as behind a proxy that forbids the call, the driver stays unknown.
 */
export class NetworkDrivers {
  readonly #read: ReadDriver;
  readonly #clock: Clock;
  readonly #known = new Map<string, OptionalCall<NetworkKind>>();

  constructor(read: ReadDriver, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Never rejects: a container is served although the drivers of its networks are unknown. */
  async addTo(facts: ContainerFacts, signal?: AbortSignal): Promise<ContainerFacts> {
    const { networking } = facts;
    if (networking.kind !== 'networks') return facts;
    const attachments = await Promise.all(networking.attachments.map((one) => this.#withDriver(one, signal)));
    return { ...facts, networking: { ...networking, attachments } };
  }

  async #withDriver(attachment: NetworkAttachment, signal?: AbortSignal): Promise<NetworkAttachment> {
    const { networkId } = attachment;
    if (networkId === '') return attachment;
    const known = this.#known.get(networkId);
    const call = known?.isCurrent === true ? known : this.#ask(networkId);
    return { ...attachment, ...(await call.answer(signal)) };
  }

  #ask(networkId: string): OptionalCall<NetworkKind> {
    if (this.#known.size >= mostKnown) this.#known.clear();
    const call = new OptionalCall<NetworkKind>((signal) => this.#read(networkId, signal), this.#clock);
    this.#known.set(networkId, call);
    return call;
  }
}

type ReadDriver = (networkId: string, signal: AbortSignal) => Promise<NetworkKind | undefined>;

/** What never changes of a network. */
export type NetworkKind = Pick<NetworkAttachment, 'driver' | 'internal'>;

/** An engine has a few dozen networks at once; those of years would pile up. */
const mostKnown = 1_000;
