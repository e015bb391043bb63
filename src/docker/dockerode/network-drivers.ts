import { EngineError } from '../engine.ts';
import type { ContainerFacts, NetworkAttachment } from '../facts.ts';

/**
 * Adds the drivers of networks to the facts of containers. The engine is asked once for each network, whose driver never
 * changes. Where it does not tell, as behind a proxy that forbids the call, the driver stays unknown.
 */
export class NetworkDrivers {
  readonly #read: (networkId: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(read: (networkId: string, signal: AbortSignal) => Promise<string | undefined>) {
    this.#read = read;
  }

  /** Never rejects: a container is served although the drivers of its networks are unknown. */
  async addTo(facts: ContainerFacts): Promise<ContainerFacts> {
    const { networking } = facts;
    if (networking.kind !== 'networks') return facts;
    const attachments = await Promise.all(networking.attachments.map((one) => this.#withDriver(one)));
    return { ...facts, networking: { ...networking, attachments } };
  }

  async #withDriver(attachment: NetworkAttachment): Promise<NetworkAttachment> {
    const { networkId } = attachment;
    if (networkId === '') return attachment;
    const driver = await this.#driverOf(networkId);
    return driver === undefined ? attachment : { ...attachment, driver };
  }

  async #driverOf(networkId: string): Promise<string | undefined> {
    const known = this.#known.get(networkId);
    if (known) return known;
    if (this.#known.size >= mostKnown) this.#known.clear();
    const asked = this.#read(networkId, AbortSignal.timeout(patienceMs)).catch((error: unknown) => {
      // What fails once may succeed for the next container of the network.
      if (!(error instanceof EngineError && error.forbidden)) this.#known.delete(networkId);
      return undefined;
    });
    this.#known.set(networkId, asked);
    return asked;
  }
}

/** An engine has a few dozen networks at once; those of years would pile up. */
const mostKnown = 1_000;
/** A container waits no longer than this for the driver of a network, which it can do without. */
const patienceMs = 2_000;
