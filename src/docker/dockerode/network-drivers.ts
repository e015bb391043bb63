import { EngineError } from '../engine.ts';
import type { ContainerFacts, NetworkAttachment } from '../facts.ts';

/**
 * Adds the drivers of networks to the facts of containers. The engine is asked once for each network, whose driver never
 * changes. Where it does not tell, as behind a proxy that forbids the call, the driver stays unknown.
 */
export class NetworkDrivers {
  readonly #read: (networkId: string, signal?: AbortSignal) => Promise<string | undefined>;
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(read: (networkId: string, signal?: AbortSignal) => Promise<string | undefined>) {
    this.#read = read;
  }

  /** Never rejects: a container is served although the drivers of its networks are unknown. */
  async addTo(facts: ContainerFacts, signal?: AbortSignal): Promise<ContainerFacts> {
    const { networking } = facts;
    if (networking.kind !== 'networks') return facts;
    const attachments = await Promise.all(networking.attachments.map((one) => this.#withDriver(one, signal)));
    return { ...facts, networking: { ...networking, attachments } };
  }

  async #withDriver(attachment: NetworkAttachment, signal: AbortSignal | undefined): Promise<NetworkAttachment> {
    const { networkId } = attachment;
    if (networkId === '') return attachment;
    const driver = await this.#driverOf(networkId, signal);
    return driver === undefined ? attachment : { ...attachment, driver };
  }

  async #driverOf(networkId: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const known = this.#known.get(networkId);
    if (known) return known;
    if (this.#known.size >= mostKnown) this.#known.clear();
    const asked = this.#read(networkId, signal).catch((error: unknown) => {
      // The engine did not answer this time, so it is asked again with the next container of the network.
      if (!isRefusal(error)) this.#known.delete(networkId);
      return undefined;
    });
    this.#known.set(networkId, asked);
    return asked;
  }
}

/** An engine has a few dozen networks at once; those of years would pile up. */
const mostKnown = 1_000;

function isRefusal(error: unknown): boolean {
  return error instanceof EngineError && error.kind !== 'timeout' && error.kind !== 'unreachable';
}
